// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.BpfMap;
import garrison.spi.EventBindings;
import garrison.spi.FileId;
import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import garrison.spi.LoadedObject;
import garrison.spi.ObjectSetup;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PolicyChange;
import garrison.spi.ProgramInfo;
import garrison.spi.Settings;
import garrison.spi.Signatures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** One run of cfi-monitor: finds out where this kernel keeps things, swaps policies, puts events into words. */
final class CfiSession implements PluginSession {
    private static final int VIOLATION = 1;
    private static final int MODULE = 2;
    private static final Set<String> RUN_BY_JAVA = Set.of("syscall", "kprobe");

    private final PluginContext context;
    private final TreeSet<String> missing = new TreeSet<>();
    private BpfMap stateMap;
    private KernelState state;
    /** Null before the first policy; for the reader's thread too. */
    private volatile KnownCalls calls;
    private volatile LaterSensors later;
    private volatile Policy inForce;
    /** Where the lock came from, and what is in it; empty if there is none. */
    private volatile String lock = "";
    /** What went wrong last, beside the programs; else empty. */
    private volatile String trouble = "";
    private Set<FileId> exempt = Set.of();

    CfiSession(PluginContext context) {
        this.context = context;
    }

    /** Optional programs are those whose function is not in every kernel. */
    @Override
    public void configure(ObjectSetup object) {
        object.constant("cfi_own_process", ProcessHandle.current().pid());
        for (ProgramInfo program : object.programs()) {
            if (program.optional()) {
                boolean here = !program.kind().equals("fentry") || context.kernel().function(program.target()).yes();
                object.load(program.name(), here);
                if (!here) {
                    missing.add(program.target());
                }
            }
        }
        // The timer goes on over a swap: its callback becomes the new object's.
        object.keep("cfi_timers");
    }

    @Override
    public void bind(EventBindings events) {
        events.on(VIOLATION, "cfi_event", CfiRecord.class, this::violation);
        events.on(MODULE, "cfi_module_event", ModuleRecord.class, this::module);
    }

    private void violation(CfiRecord record) {
        Sensor sensor = Sensor.of(record.sensor());
        Finding finding = Finding.of(record.finding());
        if (finding == Finding.LEARNT) {
            learnt(sensor, record);
        }
        if (finding == Finding.SWITCHED_OFF && inForce.restoreSwitches() && Switch.values()[record.number()].canBeRestored()) {
            // On a thread of its own: to switch trampolines on takes the kernel a while.
            Thread.ofPlatform().daemon().name("garrison-cfi-restore").start(() -> restore(Switch.values()[record.number()]));
        }
        String caller = sensor == Sensor.SWITCHES ? Switch.values()[record.number()].symbol() : record.symbol();
        context.publish(new CfiEvent(CfiMonitor.NAME, context.time(record.header().timeNs()), sensor.word(), finding.word(),
                Action.of(record.action()).word(), caller, record.address(), record.stackPointer(), record.before(), record.now(),
                record.tgid(), record.pid(), Integer.toUnsignedLong(record.uid()), Integer.toUnsignedLong(record.euid()), record.comm(),
                record.cgroup()));
    }

    private void learnt(Sensor sensor, CfiRecord record) {
        Lock.Site site = new Lock.Site(sensor, record.before());
        calls.learnt(site);
        inForce.lock().ifPresent(file -> {
            try {
                Lock.append(file, Lock.buildId(), site, record.symbol());
            } catch (IOException e) {
                trouble = "the lock " + file + " cannot be written (" + e.getMessage() + "): what is learnt is forgotten at the next start";
            }
        });
    }

    private void restore(Switch off) {
        try {
            Files.writeString(off.file(), "1");
        } catch (IOException e) {
            trouble = off.symbol() + " was switched off, and 1 could not be written to " + off.file() + " (" + e.getMessage() + ")";
        }
    }

    private void module(ModuleRecord record) {
        Policy policy = inForce;
        if (record.loaded() == 0) {
            calls.moduleGone(record.base());
        } else if (policy.trustedModules() == TrustedModules.ALL
                || policy.trustedModules() == TrustedModules.SIGNED && record.signatureOk() != 0) {
            calls.module(record.base(), Integer.toUnsignedLong(record.size()));
        }
    }

    @Override
    public PolicyChange stage(Settings settings, LoadedObject object) {
        Policy policy = Policy.read(settings);
        Set<FileId> executables = executables(policy, settings);
        if (calls == null) {
            KernelReader kernel = new KernelReader(object);
            state = KernelState.read(kernel);
            stateMap = object.map("cfi_state");
            KnownCalls known = new KnownCalls(object.map("cfi_sites"), kernel, state);
            known.scan();
            calls = known;
            later = new LaterSensors(object, kernel, state, () -> KernelState.armed(stateMap));
        }
        return new Change(object, policy, executables, policy.lock().map(file -> read(file, policy.learning())));
    }

    /**
     * The lock, as far as it is there. Of one that is still learnt nobody's signature is asked for: whoever learns takes what comes for
     * good.
     */
    private Locked read(Path file, boolean learning) {
        if (Files.notExists(file)) {
            return new Locked(Lock.Content.NONE, file + " is not there");
        }
        String buildId = Lock.buildId();
        if (learning) {
            try {
                return new Locked(Lock.parse(file, Files.readAllBytes(file), buildId), file + ", being learnt");
            } catch (IOException e) {
                throw new GarrisonException("the lock " + file + " cannot be read: " + e.getMessage(), e);
            }
        }
        Signatures.Signed signed = context.signatures().read(file);
        return new Locked(Lock.parse(file, signed.bytes(), buildId), file + signed.signer().map(s -> ", signed by " + s)
                .orElse(", not checked by a signature"));
    }

    /** A lock, and what it is in words. */
    private record Locked(Lock.Content content, String words) {
        String figure() {
            return words + ": " + content.sites().size() + " call sites of this kernel, " + content.ofOthers() + " of others";
        }
    }

    private Set<FileId> executables(Policy policy, Settings settings) {
        try {
            return policy.exempt().isEmpty() ? Set.of() : Set.copyOf(context.files().identify(policy.exempt()));
        } catch (FileIds.FileNotFound e) {
            throw settings.error("exempt", "names " + e.getMessage(), "name existing programs only");
        }
    }

    @Override
    public Map<String, String> status() {
        Map<String, String> figures = new LinkedHashMap<>();
        KnownCalls known = calls;
        if (known != null && inForce != null) {
            figures.put("known call sites", known.figures() + (inForce.learning() ? " (learning)" : " (locked)"));
            if (!lock.isEmpty()) {
                figures.put("lock", lock);
            }
            KernelState.Counters counters = KernelState.counters(stateMap);
            figures.put("sensors behind entries", inForce.behindEntries() ? later.figures() : "off");
            if (inForce.behindEntries()) {
                figures.put("entry sensors left out by the kernel, and made up for", String.valueOf(counters.leftOut()));
                figures.put("tasks behind an entry that may have come in unseen, and are believed", String.valueOf(counters.believed()));
            }
            if (!later.unseen().isEmpty()) {
                figures.put("entries that may be jumped over unseen", later.unseen());
            }
            figures.put("walks over all tasks", String.valueOf(counters.walks()));
            if (counters.untracked() != 0) {
                figures.put("tasks whose credentials are not compared (no room)", String.valueOf(counters.untracked()));
            }
            List<String> hidden = Arrays.stream(Switch.values()).filter(s -> state.address(s.symbol()).isEmpty()).map(Switch::symbol).toList();
            if (!hidden.isEmpty()) {
                figures.put("switches that this kernel does not show", String.join(", ", hidden));
            }
        }
        String words = known == null || known.trouble().isEmpty() ? trouble : known.trouble();
        if (!words.isEmpty()) {
            figures.put("trouble", words);
        }
        if (!missing.isEmpty()) {
            figures.put("functions this kernel lacks", String.join(", ", missing));
        }
        return figures;
    }

    @Override
    public void close() {
        inForce = null;
        LaterSensors sensors = later;
        if (sensors != null) {
            sensors.close();
        }
    }

    private final class Change implements PolicyChange {
        private final LoadedObject object;
        private final Policy policy;
        private final Set<FileId> executables;
        private final Optional<Locked> locked;

        Change(LoadedObject object, Policy policy, Set<FileId> executables, Optional<Locked> locked) {
            this.object = object;
            this.policy = policy;
            this.executables = executables;
            this.locked = locked;
        }

        @Override
        public Set<String> programs() {
            Set<String> off = new TreeSet<>();
            for (Sensor sensor : Sensor.values()) {
                // Commits are always seen: they say what credentials are to be.
                if (sensor.isFunction() && sensor != Sensor.COMMIT_CREDS && policy.actions().get(sensor) == Action.OFF) {
                    off.add(sensor.program());
                }
            }
            return object.programs().stream().filter(p -> !RUN_BY_JAVA.contains(p.kind())).map(ProgramInfo::name)
                    .filter(name -> !off.contains(name)).collect(Collectors.toUnmodifiableSet());
        }

        @Override
        public void commit() {
            inForce = policy;
            later.policy(policy);
            locked.ifPresent(lock -> calls.locked(lock.content().sites(), !policy.learning()));
            lock = locked.map(Locked::figure).orElse("");
            exempt(executables);
            for (Sensor sensor : Sensor.values()) {
                Action action = policy.actions().get(sensor);
                byte[] rule = ByteBuffer.allocate(2 * Long.BYTES).order(ByteOrder.nativeOrder())
                        .putLong(sensor.isFunction() ? state.address(sensor.word()).orElse(0L) : 0)
                        .putInt(action.number()).putInt(action == Action.OFF ? 0 : 1).array();
                object.map("cfi_rules").update(
                        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(sensor.ordinal()).array(), rule);
            }
            state.write(stateMap, policy);
            int started = object.run("cfi_start", new byte[0]);
            if (started != 0) {
                throw new GarrisonException("plugin cfi-monitor: its timer cannot be started (" + started + ")");
            }
        }

        private void exempt(Set<FileId> next) {
            BpfMap map = object.map("cfi_exempt");
            List<FileId> gone = new ArrayList<>(exempt);
            gone.removeAll(next);
            next.forEach(id -> map.update(key(id), new byte[] {1, 0, 0, 0}));
            gone.forEach(id -> map.delete(key(id)));
            exempt = next;
        }

        private static byte[] key(FileId id) {
            return ByteBuffer.allocate(2 * Long.BYTES).order(ByteOrder.nativeOrder()).putLong(id.inode()).putLong(id.device()).array();
        }

        @Override
        public void close() {
            // Nothing was staged outside this object.
        }
    }
}
