// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.Report;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackServer;
import garrison.itests.attack.Campaign;
import garrison.itests.attack.Catalogue;
import garrison.itests.attack.Filesystem;
import garrison.itests.attack.Result;
import garrison.itests.attack.Scene;
import garrison.itests.attack.Trial;
import garrison.spi.Mode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Every attack of the catalogue, on every file system, without file-guard, and with it auditing, enforcing, and guarding something
 * else. Also those that it is known not to see: that they are not is a result like others, and kept in the matrix.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public class AttackTest {
    private final Path scratch = Guest.scratch("attacks");
    private final Map<Filesystem.Kind, Filesystem> filesystems = new EnumMap<>(Filesystem.Kind.class);
    /** What the attacks came to before file-guard was started. */
    private final Map<Filesystem.Kind, List<Result>> unguarded = new EnumMap<>(Filesystem.Kind.class);
    private AttackServer attacker;
    private EmbeddedGuard guard;
    private Matrix matrix;
    private int campaigns;

    /** Where the attacks are made. */
    protected List<Filesystem.Kind> kinds() {
        return List.of(Filesystem.Kind.values());
    }

    /** Where also those tests run that differ little between file systems. */
    protected List<Filesystem.Kind> fewKinds() {
        return Guest.isLong() ? kinds() : List.of(Filesystem.Kind.TMPFS);
    }

    /** Which of the catalogue's are made. */
    protected boolean isMade(Trial trial) {
        return true;
    }

    @BeforeAll
    protected void start() {
        for (Filesystem.Kind kind : kinds()) {
            filesystems.put(kind, Filesystem.mount(kind, scratch.resolve(kind.name())));
        }
        attacker = new AttackServer(Guest.attacks());
        matrix = Matrix.of(getClass());
        Catalogue.all().forEach(attack -> matrix.impossible(attack, Guest.kernel()));
        for (Filesystem.Kind kind : kinds()) {
            unguarded.put(kind, campaign(kind, AttackTest::once).run());
        }
        guard = EmbeddedGuard.start();
    }

    @AfterAll
    protected void stop() {
        guard.close();
        attacker.close();
        filesystems.values().forEach(Filesystem::close);
    }

    /** The negative control of all the others: each of them would fail without file-guard. */
    @TestFactory
    protected Stream<DynamicNode> attack_withoutFileGuard_succeedsAndFailsTheOtherTests() {
        return each(kinds(), kind -> tests(unguarded.get(kind), result -> {
            Verdict.undisturbed(result, guard.reports(result));
            assertThrows(AssertionError.class, () -> Verdict.denied(result, guard.reports(result)));
            assertThrows(AssertionError.class, () -> Verdict.audited(result, guard.reports(result)));
        }));
    }

    @TestFactory
    protected Stream<DynamicNode> attack_audited_succeedsAndIsReported() {
        return each(kinds(), kind -> guarded(kind, Mode.AUDIT, trial -> isAudited(kind, trial.attack())));
    }

    @TestFactory
    protected Stream<DynamicNode> attack_enforced_isDeniedAndReported() {
        return each(kinds(), kind -> guarded(kind, Mode.ENFORCE, trial -> true));
    }

    /** Where it is said, and what none of these file systems offers on the first that does. */
    private boolean isAudited(Filesystem.Kind kind, Attack attack) {
        return fewKinds().contains(kind) || !fewKinds().isEmpty()
                && fewKinds().stream().noneMatch(few -> attack.impossible(Guest.kernel(), few).isEmpty())
                && kinds().stream().filter(k -> attack.impossible(Guest.kernel(), k).isEmpty()).findFirst().orElse(null) == kind;
    }

    /**
     * The same acts beside a protected tree, on the same file system, are none of file-guard's business. Left out is what
     * reaches files without a name, which may lie in any tree, or all files of the file system: there the rules apply.
     */
    @TestFactory
    protected Stream<DynamicNode> attack_onUnprotectedFiles_isUndisturbedAndUnreported() {
        return each(fewKinds(), kind -> {
            Campaign campaign = campaign(kind, trial -> once(trial)
                    && Collections.disjoint(trial.attack().traits(), Set.of(Attack.Trait.NAMELESS, Attack.Trait.EVERYTHING)));
            Scene protectedElsewhere = Scene.make(folder(kind));
            guard.reload(new Policy(Mode.ENFORCE).rule("elsewhere", Attack.Rule.TREE,
                    List.of(protectedElsewhere.guarded()), EmbeddedGuard.EVERYTHING, ""));
            return tests(settled(campaign), result -> Verdict.undisturbed(result, guard.reports(result)));
        });
    }

    /** Nothing is left out silently. */
    @TestFactory
    protected Stream<DynamicTest> attack_kernelTooOld_isSkippedWithTheReason() {
        return Catalogue.all().stream().filter(attack -> attack.minimum() != null && isMade(new Trial(attack, Attack.Rule.TREE)))
                .map(attack -> dynamicTest(attack.name(), () -> attack.impossible(Guest.kernel(), Filesystem.Kind.TMPFS)
                        .ifPresent(reason -> Assumptions.abort(attack + ": " + reason))));
    }

    private static Stream<DynamicNode> each(List<Filesystem.Kind> kinds, Function<Filesystem.Kind, Stream<DynamicTest>> tests) {
        return kinds.stream().map(kind -> dynamicContainer(kind.name(), tests.apply(kind)));
    }

    private static Stream<DynamicTest> tests(List<Result> results, Consumer<Result> verdict) {
        return results.stream().map(result -> dynamicTest(result.trial().name(), () -> verdict.accept(result)));
    }

    /** Under a policy that protects the scenes, once as it is and once with each setting that some attack takes to be seen. */
    private Stream<DynamicTest> guarded(Filesystem.Kind kind, Mode mode, Predicate<Trial> wanted) {
        return Catalogue.all().stream().map(Attack::setting).distinct().flatMap(setting -> guarded(kind, mode, setting,
                wanted.and(trial -> setting.isEmpty() || trial.attack().setting().equals(setting))));
    }

    private Stream<DynamicTest> guarded(Filesystem.Kind kind, Mode mode, String setting, Predicate<Trial> wanted) {
        Campaign campaign = campaign(kind, wanted);
        if (campaign.scenes().isEmpty()) {
            return Stream.of();
        }
        Policy policy = new Policy(mode).settings(setting);
        campaign.scenes().forEach((trial, scene) -> policy.rule(trial.name(), trial.rule(), List.of(trial.guarded(scene)),
                List.of(trial.attack().operation()), allowed(trial.attack(), scene)));
        guard.reload(policy);
        return settled(campaign).stream().map(result -> dynamicTest(
                setting.isEmpty() ? result.trial().name() : result.trial().name() + ", " + setting,
                () -> judge(result, kind, mode, setting)));
    }

    private static String allowed(Attack attack, Scene scene) {
        return attack.allowed() == null ? "" : Policy.allow(attack.allowed().apply(scene), null);
    }

    private void judge(Result result, Filesystem.Kind kind, Mode mode, String setting) {
        Attack attack = result.trial().attack();
        List<Report> reports = guard.reports(result);
        if (!attack.setting().equals(setting)) {
            Verdict.undisturbed(result, reports);
            return;
        }
        boolean seen = attack.unseen().isEmpty();
        String note = setting.isEmpty() ? attack.unseen() : "with `" + setting + "`; without it not seen";
        matrix.judge(attack.name(), attack.operation(), mode, kind, seen, note, () -> {
            if (!seen) {
                Verdict.undisturbed(result, reports);
            } else if (mode == Mode.AUDIT) {
                Verdict.audited(result, reports);
            } else {
                Verdict.denied(result, reports);
            }
        });
    }

    private List<Result> settled(Campaign campaign) {
        List<Result> results = new ArrayList<>(campaign.run());
        guard.settle();
        return results;
    }

    /** Where there is no rule for it, an attack need not be made once for each kind of rule. */
    private static boolean once(Trial trial) {
        return trial.rule() == Attack.Rule.TREE;
    }

    private Campaign campaign(Filesystem.Kind kind, Predicate<Trial> wanted) {
        return new Campaign(folder(kind), Campaign.trials(Guest.kernel(), kind, wanted.and(this::isMade)), attacker);
    }

    private Path folder(Filesystem.Kind kind) {
        return filesystems.get(kind).folder().resolve("campaign-" + campaigns++);
    }
}
