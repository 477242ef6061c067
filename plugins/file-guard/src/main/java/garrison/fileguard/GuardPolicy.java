// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import garrison.spi.Mode;
import garrison.spi.PolicyFinding;
import garrison.spi.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A policy to ask questions of, without a kernel: what a running file-guard with these settings would do. It is compiled by the
 * compiler that makes the kernel's policy, and asked in the programs' order, so what it says is what they do. Asks the files that
 * exist now; descriptors opened before the policy and files without a name are beyond it. Immutable.
 */
public final class GuardPolicy {
    private static final int FIRST_RULE = 1;
    /** The framework's, in a plugin's subtree. */
    private static final List<String> OTHERS = List.of("enabled", "mode", "when-orphaned", "grace", "budget");

    private final Policy policy;
    private final CompiledPolicy compiled;
    private final Judge judge;
    private final Mode mode;
    private final FileIds files;
    private final Mounts mounts;
    private final Cgroups cgroups;

    private GuardPolicy(Policy policy, Mode mode, FileIds files) {
        this.policy = policy;
        this.mode = mode;
        this.files = files;
        compiled = PolicyCompiler.compile(policy, files, FIRST_RULE, Instant.EPOCH);
        judge = new Judge(new PolicyTable(compiled.table()));
        try {
            mounts = Mounts.now();
        } catch (IOException e) {
            throw new GarrisonException("file-guard: the mounts cannot be read: " + e, e);
        }
        cgroups = Cgroups.of(mounts);
    }

    /**
     * Reads and compiles a policy. Files are told apart as stat(2) does, which needs no privileges.
     *
     * @param settings the plugin's subtree, {@code mode} included
     * @throws garrison.spi.ConfigurationException for the first thing that is wrong
     */
    public static GuardPolicy of(Settings settings) {
        return of(settings, StatFileIds::identify);
    }

    /**
     * Reads and compiles a policy.
     *
     * @param files how files are told apart, for example {@link garrison.spi.PluginContext#files()}
     * @throws garrison.spi.ConfigurationException for the first thing that is wrong
     */
    public static GuardPolicy of(Settings settings, FileIds files) {
        Mode mode = mode(settings);
        return new GuardPolicy(Policy.read(settings), mode, files);
    }

    /** A policy that has been read already. */
    static GuardPolicy of(Policy policy, Mode mode, FileIds files) {
        return new GuardPolicy(policy, mode, files);
    }

    static Mode mode(Settings settings) {
        OTHERS.forEach(settings::has);
        return settings.choice("mode", Mode.class, Mode.AUDIT);
    }

    /**
     * All that is wrong with a policy, and what in it contradicts itself or has no effect.
     *
     * @param settings the plugin's subtree
     * @return errors first; empty if the policy is good
     */
    public static List<PolicyFinding> check(Settings settings) {
        return new PolicyReview(settings, StatFileIds::identify).findings();
    }

    /**
     * Who may do what to an object, whoever asks.
     *
     * @param object absolute; of a name that does not exist yet the directory must
     * @throws GarrisonException if it cannot be looked at
     */
    public Explanation explain(Path object) {
        return explain(object, Optional.empty());
    }

    /**
     * What someone may do to an object.
     *
     * @param object absolute; of a name that does not exist yet the directory must
     * @throws GarrisonException if it, or the actor's executable, cannot be looked at
     */
    public Explanation explain(Path object, Actor actor) {
        return explain(object, Optional.of(actor));
    }

    /**
     * What would change for whom if another policy came into force: at all places that either names, for all whom either names, and
     * for others. What {@link Standing#FREE} and {@link Standing#ALLOWED} tell apart is no difference.
     *
     * @throws GarrisonException if one of the places is gone
     */
    public List<AccessDifference> differences(GuardPolicy after) {
        return AccessDifference.between(this, after);
    }

    private Explanation explain(Path object, Optional<Actor> as) {
        Way way = way(object.toAbsolutePath());
        Judge.Identity who = identity(as.orElse(Actor.ANYONE));
        List<Explanation.Row> rows = new ArrayList<>();
        for (Act act : Act.values()) {
            List<Judge.Word> words = judge.words(way, act);
            boolean shown = act == Act.CREATE ? way.directory() || way.absent() : act != Act.LEAVE || !words.isEmpty();
            if (shown) {
                rows.add(new Explanation.Row(act.word(), standing(words, who), words.stream().map(word -> said(word, who)).toList()));
            }
        }
        String kind = way.absent() ? "new name" : way.directory() ? "directory" : "file";
        return new Explanation(way.object(), kind, mode, as.map(Actor::words), List.copyOf(rows));
    }

    private Explanation.Said said(Judge.Word word, Judge.Identity who) {
        Rule rule = rule(word.rule());
        return new Explanation.Said(rule.name(), rule.place(), rule.effect(), word.place(),
                rule.allow().stream().map(Subject::words).toList(), judge.lets(word, who));
    }

    /** As guard_weigh: the first refusal ends it; of what is only told the first is kept. */
    Standing standing(List<Judge.Word> words, Judge.Identity who) {
        Standing found = words.isEmpty() ? Standing.FREE : Standing.ALLOWED;
        for (Judge.Word word : words) {
            if (!judge.lets(word, who)) {
                if (word.enforced() && mode == Mode.ENFORCE) {
                    return word.kills() ? Standing.KILLED : Standing.REFUSED;
                }
                found = Standing.REPORTED;
            }
        }
        return found;
    }

    Standing standing(Way way, Act act, Actor actor) {
        return standing(judge.words(way, act), identity(actor));
    }

    List<Judge.Word> words(Way way, Act act) {
        return judge.words(way, act);
    }

    private Judge.Identity identity(Actor actor) {
        return Judge.Identity.of(actor, files, cgroups, Instant.now());
    }

    Way way(Path object) {
        return Way.of(object, mounts, files);
    }

    Rule rule(int number) {
        return policy.rules().get(number - FIRST_RULE);
    }

    List<Rule> rules() {
        return policy.rules();
    }

    CompiledPolicy compiled() {
        return compiled;
    }
}
