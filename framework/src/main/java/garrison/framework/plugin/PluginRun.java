// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.Status.AttachedProgram;
import garrison.framework.Status.EventCounts;
import garrison.framework.budget.Account;
import garrison.framework.config.GarrisonSettings;
import garrison.framework.config.PluginSettings;
import garrison.framework.libbpf.Libc;
import garrison.framework.light.KernelTrust;
import garrison.framework.link.PinnedRun;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.framework.object.Owner;
import garrison.framework.ring.Bindings;
import garrison.framework.ring.RingReader;
import garrison.framework.trust.Anchor;
import garrison.framework.trust.SignedObject;
import garrison.framework.trust.TrustSettings;
import garrison.spi.Budget;
import garrison.spi.LoadedObject;
import garrison.spi.Mode;
import garrison.spi.ObjectFormatException;
import garrison.spi.Plugin;
import garrison.spi.PluginSession;
import garrison.spi.PolicyChange;
import garrison.spi.ProgramInfo;
import garrison.spi.Signatures;
import garrison.spi.WhenOrphaned;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a plugin, from {@link #prepare} (all but attached: nothing is decided by it yet) over {@link #activate} to
 * {@link #close}. For one thread at a time; {@link #counts}, {@link #attached} and {@link #object} may be called by any.
 */
final class PluginRun implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PluginRun.class);
    static final String EVENTS = "garrison_events";
    static final String COUNTERS = "garrison_counters";
    private static final List<String> CORE_MAPS = List.of(EVENTS, COUNTERS, ControlMap.NAME, HeartbeatMap.NAME);
    private static final String NO_DECISION = "garrison_xattr_no_decision";
    /** Bytes of a file that a plugin has checked by its signature. */
    private static final int LARGEST_SIGNED = 16 << 20;

    private final String name;
    private final Platform platform;
    private final Listeners listeners;
    private final int generation;
    private final Asks asks;
    private final WhenOrphaned orphaned;
    private final Duration grace;
    private final Heritage heritage;
    private PinnedRun pins;
    private final Budget budget;
    private ControlMap control;
    private Account account;
    private Mode mode = Mode.AUDIT;
    /** Why it does not refuse though it should; empty when it does as requested. */
    private volatile String demoted = "";
    private HeartbeatMap heartbeat;
    /** Null for an object that does not count them. */
    private DenialMap denials;
    private final StallWatch stalls;
    private long layout;
    private PluginSession session;
    private final HookGround ground;
    private LoadedBpfObject object;
    private SignedObject source;
    private volatile TrustSettings trust;
    private String objectName = "";
    private String checkedBy = "";
    private Bindings bindings;
    private Attachments attachments;
    private PolicyChange staged;
    private boolean closed;
    private volatile RingReader reader;
    /** Why a change that the plugin asked for was refused; empty if none was since the last one that was not. */
    private volatile String refused = "";

    /** Where a run's plugin asks for a change of policy. */
    interface Asks {
        /** Called from any thread of the plugin's; must not wait. */
        void restage(PluginRun run, Function<LoadedObject, Optional<PolicyChange>> change);
    }

    private PluginRun(Plugin plugin, Platform platform, Listeners listeners, PluginSettings settings, int generation, Heritage heritage,
            Asks asks) {
        this.name = plugin.name();
        this.platform = platform;
        this.listeners = listeners;
        this.generation = generation;
        this.asks = asks;
        this.stalls = new StallWatch(name, listeners::publish);
        this.ground = new HookGround(platform);
        this.heritage = heritage;
        orphaned = settings.whenOrphaned().orElseGet(plugin::whenOrphaned);
        grace = settings.grace();
        trust = settings.trust();
        budget = settings.budget().over(plugin.budget());
    }

    /**
     * Opens, loads and stages; attaches nothing. Whatever is thrown, nothing is left behind.
     *
     * @param settings the plugin's, fresh
     * @param generation told in this run's events
     * @param heritage of the runs before; this run's from here on
     * @param asks hears what the plugin wants changed
     */
    static PluginRun prepare(Plugin plugin, Platform platform, Listeners listeners, PluginSettings settings, int generation,
            Heritage heritage, Asks asks) {
        PluginRun run = new PluginRun(plugin, platform, listeners, settings, generation, heritage, asks);
        try {
            run.open(plugin, settings);
            return run;
        } catch (Throwable t) {
            run.closeAfter(t);
            throw t;
        }
    }

    private void open(Plugin plugin, PluginSettings settings) {
        Owner owner = new Owner(name, platform.kernel().release());
        session = plugin.open(new RunContext(name, settings.settings(), platform, listeners, this::readSigned,
                change -> asks.restage(this, change)));
        ObjectChoice choice = ObjectChoice.of(plugin.objects(), platform.kernel(), settings.trust(), ground, owner);
        source = choice.object();
        objectName = choice.spec().name();
        for (String map : CORE_MAPS) {
            if (choice.spec().map(map).isEmpty()) {
                throw new ObjectFormatException(objectName, "has no map " + map + "; include garrison.bpf.h");
            }
        }
        try (OpenObject open = OpenObject.open(platform.libbpf(), choice.spec(), source.bytes(), owner)) {
            session.configure(open);
            Set<String> loaded = open.programs().stream().map(ProgramInfo::name).filter(open::loads).collect(Collectors.toSet());
            ObjectChoice.check(choice.spec(), loaded, platform.kernel(), ground, owner);
            open.place(ground.plan(choice.spec(), loaded));
            if (choice.spec().constants().stream().anyMatch(v -> v.name().equals(NO_DECISION))) {
                open.constant(NO_DECISION, platform.kernel().xattrNoDecision());
            }
            for (String map : open.kept()) {
                heritage.map(map).ifPresent(fd -> open.reuse(map, fd));
            }
            try (KernelTrust checked = KernelTrust.of(choice.spec(), source, trust, open.plan(), platform.kernel(), owner)) {
                checked.skeleton().ifPresent(open::signed);
                checkedBy = checked.words();
                object = open.load();
            }
        }
        account = new Account(object, budget);
        control = new ControlMap(object.map(ControlMap.NAME), object.btf());
        denials = object.hasMap(DenialMap.NAME) ? new DenialMap(object.map(DenialMap.NAME), object.programs()) : null;
        heartbeat = new HeartbeatMap(object.map(HeartbeatMap.NAME));
        attachments = new Attachments(name, object);
        bindings = new Bindings(objectName, object.btf());
        session.bind(bindings);
        layout = bindings.layout();
        staged = session.stage(settings.settings(), object);
        settings.settings().end();
    }

    /**
     * Puts the staged policy in force: commit, mode, reader, and last the programs, so that no event precedes its reader. Only
     * then what an earlier process left attached is detached.
     *
     * @param broken is called from the reader's thread when the ring cannot be read any further
     */
    void activate(Mode mode, GarrisonSettings.ReaderKind kind, Consumer<Throwable> broken) {
        try (PolicyChange change = staged) {
            staged = null;
            change.commit();
            mode(mode);
            heartbeat.beat(0);
            pin();
            reader = RingReader.start(name, object, bindings, heritage.rings(bindings, object.btf()), pins != null, kind,
                    platform.libbpf(), listeners::publish, broken);
            attachments.attach(change.programs());
            heritage.release(object.btf(), reader);
            heritage.close();
        } catch (Throwable t) {
            closeAfter(t);
            throw t;
        }
    }

    private void pin() {
        heritage.pins(name, generation).ifPresent(run -> {
            pins = run;
            CORE_MAPS.forEach(map -> run.pinMap(map, object.mapFd(map)));
            object.kept().forEach(map -> run.pinMap(map, object.mapFd(map)));
            attachments.pin(run);
        });
    }

    /** Tells the programs that somebody is there, and looks after the handler. Called once a second, by one thread. */
    void beat() {
        heartbeat.beat(counts().dropped());
        RingReader current = reader;
        if (current != null) {
            stalls.look(current);
        }
    }

    /** How often it refused, by hook. */
    Map<String, Long> denials() {
        return denials == null ? Map.of() : denials.counts();
    }

    /** What is wrong though it runs; else empty. */
    String trouble() {
        String stalled = stalls.words();
        return stalled.isEmpty() ? refused : stalled;
    }

    int generation() {
        return generation;
    }

    LoadedBpfObject loaded() {
        return object;
    }

    /** Stages a new policy beside the one in force. */
    Transition stage(PluginSettings settings) {
        trust = settings.trust();
        return new Transition(session.stage(settings.settings(), object), attachments);
    }

    /** Stages what the plugin itself wants changed, if there still is anything. */
    Optional<Transition> stage(Function<LoadedObject, Optional<PolicyChange>> change) {
        return change.apply(object).map(staged -> new Transition(staged, attachments));
    }

    /** @param reason why a change that the plugin asked for was refused; empty once one was not */
    void refused(String reason) {
        refused = reason;
    }

    private Signatures.Signed readSigned(Path file) {
        SignedObject object = SignedObject.read(file, LARGEST_SIGNED);
        return new Signatures.Signed(object.bytes(), trust.check("plugin " + name, object).map(Anchor::toString));
    }

    /** Whether its object is still trusted by another configuration. */
    void recheck(TrustSettings trust) {
        trust.check("plugin " + name, source);
    }

    /** One write to the control map. Ends a demotion. */
    void mode(Mode next) {
        mode = next;
        demoted = "";
        write();
    }

    private void write() {
        control.write(demoted.isEmpty() ? mode : Mode.AUDIT, generation, orphaned, grace, layout, account.sampling());
    }

    Account account() {
        return account;
    }

    /** Does what the account came to: AUDIT, or fewer records. */
    void restrain(String demotion) {
        demoted = demotion;
        write();
    }

    EventCounts counts() {
        RingReader current = reader;
        return current == null ? EventCounts.NONE : current.counts();
    }

    List<AttachedProgram> attached() {
        return attachments == null ? List.of() : attachments.list();
    }

    /** What it really does. */
    Enforcement enforcement(Mode requested) {
        return Enforcement.of(requested, attached(), object == null ? Map.of() : HookGround.unserved(object.plan(), object.spec()),
                ground::witness).demoted(demoted);
    }

    String object() {
        return objectName;
    }

    /** Who checked the object's signature. */
    String checkedBy() {
        return checkedBy;
    }

    Map<String, String> figures() {
        return session.status();
    }

    /** Whether the calling thread is this run's reader, which cannot end itself. */
    boolean isReaderThread() {
        RingReader current = reader;
        return current != null && current.isCurrentThread();
    }

    /** Retire, detach, drain, join, close the session, the object; each step is taken whatever the one before did. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (reader != null) {
            step("retire", this::retire);
        }
        step("detach", attachments);
        if (pins != null) {
            step("unpin", pins::remove);
        }
        step("drain the ring of", reader);
        step("let go what ran before", heritage);
        step("drop the staged policy of", staged);
        step("close", session);
        step("unload", object);
    }

    /** All hooks at once, and a clear end: when this returns, only programs that sleep may still be at it. */
    private void retire() {
        control.retire();
        Libc.awaitRunningPrograms();
    }

    private void closeAfter(Throwable failure) {
        try {
            close();
        } catch (Throwable t) {
            failure.addSuppressed(t);
        }
    }

    private void step(String what, AutoCloseable resource) {
        if (resource == null) {
            return;
        }
        try {
            resource.close();
        } catch (Throwable t) {
            LOG.error("Could not {} plugin {}: {}", what, name, t.toString(), t);
        }
    }
}
