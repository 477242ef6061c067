// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.BpfMap;
import garrison.spi.EventBindings;
import garrison.spi.KernelFeatures;
import garrison.spi.LoadedObject;
import garrison.spi.LsmHook;
import garrison.spi.ObjectSetup;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PolicyChange;
import garrison.spi.ProgramInfo;
import garrison.spi.Settings;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/** One run of file-guard: chooses the programs for this kernel, swaps policies, puts events into words. */
final class FileGuardSession implements PluginSession {
    private static final int ACCESS = 1;
    private static final int NAMED_AT_MOST = 5;
    private static final String SETATTR = "inode_setattr";
    private static final Set<String> XATTR = Set.of("inode_setxattr", "inode_removexattr");

    private final PluginContext context;
    private final EventWriter writer = new EventWriter();
    private final UntoldCounts untold;
    private final TreeSet<String> missing = new TreeSet<>();
    /**
     * Not from 1: events that an earlier process's programs wrote may come after its end, and their numbers must not be taken for
     * this policy's rules.
     */
    private int nextRule = ThreadLocalRandom.current().nextInt(1, 1 << 30);
    private final MountFollower mounts;
    private volatile CompiledPolicy inForce;
    /** When the policy in force was extended for mounts, last; null if it was not. */
    private volatile Instant extended;
    private volatile boolean remembers = true;

    FileGuardSession(PluginContext context) {
        this.context = context;
        untold = new UntoldCounts(context, writer);
        mounts = new MountFollower(context, this::extend);
    }

    /** Optional programs are those whose hook is not everywhere, and the two forms of inode_setattr. */
    @Override
    public void configure(ObjectSetup object) {
        KernelFeatures kernel = context.kernel();
        object.constant("guard_own_process", ProcessHandle.current().pid());
        object.constant("guard_verity_by_call", digestsAreTold(kernel) ? 1 : 0);
        for (ProgramInfo program : object.programs()) {
            // Stand-ins for functions are the framework's to load, where LSM programs do not run.
            if (program.optional() && program.kind().equals("lsm")) {
                boolean here = kernel.lsmHook(program.target()).filter(hook -> fits(program, hook)).isPresent();
                object.load(program.name(), here);
                if (!here && kernel.lsmHook(program.target()).isEmpty()) {
                    missing.add(program.target());
                }
            }
        }
    }

    /** Whether functions tell LSM programs what a process runs, and its digest. What stands in for LSM programs may not call them. */
    private static boolean digestsAreTold(KernelFeatures kernel) {
        return kernel.bpfLsm().yes() && kernel.function("bpf_get_task_exe_file").yes()
                && kernel.function("bpf_get_fsverity_digest").yes();
    }

    /** Since 6.9 the hook's first argument is an idmap; which of the two programs fits shows in the dentry's place. */
    private static boolean fits(ProgramInfo program, LsmHook hook) {
        if (!program.target().equals(SETATTR)) {
            return true;
        }
        int dentry = hook.indexOf("struct dentry *");
        return program.name().endsWith("_2") ? dentry == 0 : dentry == 1;
    }

    @Override
    public void bind(EventBindings events) {
        events.on(ACCESS, "file_guard_event", FileAccessRecord.class,
                record -> {
                    context.publish(writer.write(record, context.time(record.header().timeNs())));
                    if (record.limited() != 0) {
                        untold.limited();
                    }
                });
    }

    @Override
    public PolicyChange stage(Settings settings, LoadedObject object) {
        Policy policy = Policy.read(settings);
        requireDigests(policy, object);
        CompiledPolicy compiled = PolicyCompiler.compile(policy, context.files(), nextRule, context.time(0));
        nextRule += policy.rules().size();
        remembers = object.run("guard_find_moves", new byte[0]) != 0;
        if (policy.rules().stream().anyMatch(rule -> !rule.fileSystems().isEmpty())) {
            object.run("guard_let_types_matter", new byte[0]);
        }
        mounts.begin(compiled.mounts());
        return change(compiled, object);
    }

    private Optional<PolicyChange> extend(LoadedObject object) {
        return PolicyExtension.of(inForce, context.files()).map(compiled -> change(compiled, object));
    }

    private PolicyChange change(CompiledPolicy compiled, LoadedObject object) {
        BpfMap outer = object.map("policy");
        BpfMap.InnerMap inner = outer.createInner(Math.max(1, compiled.table().count()));
        try {
            inner.updateAll(compiled.table().keys(), compiled.table().values(), compiled.table().count());
        } catch (RuntimeException e) {
            inner.close();
            throw e;
        }
        return new Change(outer, inner, compiled, programs(object, compiled.hooks()));
    }

    /** A program that is known by its digest would be let through nowhere. */
    private void requireDigests(Policy policy, LoadedObject object) {
        if (object.run("guard_knows_verity", new byte[0]) == 0) {
            policy.rules().stream().flatMap(rule -> rule.allow().stream()).filter(subject -> subject.verity().isPresent()).findFirst()
                    .ifPresent(subject -> {
                        throw subject.written().error("fs-verity", "cannot be asked for on kernel " + context.kernel().release()
                                + ", which tells digests to LSM programs alone", "boot with bpf in lsm=, or name the program by executable");
                    });
        }
    }

    private Set<String> programs(LoadedObject object, Set<Hook> hooks) {
        // Before 6.11 the kernel leaves out its own check of security.* attributes when BPF is an active security module.
        boolean hole = context.kernel().lsmHook("inode_xattr_skipcap").isEmpty();
        return object.programs().stream()
                .filter(p -> !p.kind().equals("syscall") && (hooks.contains(Hook.of(p.target())) || hole && XATTR.contains(p.target())))
                .map(ProgramInfo::name).collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public Map<String, String> status() {
        Map<String, String> figures = new LinkedHashMap<>();
        CompiledPolicy now = inForce;
        if (now != null) {
            figures.put("rules", String.valueOf(now.ruleNames().size()));
            figures.put("protected objects and trees", String.valueOf(now.objects()));
            figures.put("policy entries", String.valueOf(now.table().count()));
            if (!now.incomplete().isEmpty()) {
                figures.put("hard links not searched to the end (link-scan reached, or not readable)", now.incomplete().toString());
            }
            if (!now.absent().isEmpty()) {
                figures.put("protected names that no file had at the load", now.absent().size() + ": " + some(now.absent()));
            }
            mounted(now.mounts(), figures);
        }
        if (!remembers) {
            figures.put("memory of directories", "none, each file is looked up from its own place to the root: the kernel hides its symbols"
                    + " (kernel.kptr_restrict = 2)");
        }
        if (!missing.isEmpty()) {
            figures.put("hooks this kernel lacks", String.join(", ", missing));
        }
        return figures;
    }

    private void mounted(MountView view, Map<String, String> figures) {
        if (view.added() > 0) {
            figures.put("extended for mounts", "at " + extended + " by " + some(view.latest()) + "; " + view.added() + " in all since the load"
                    + (view.full() ? ", which is the limit: what is mounted now is not covered before the next reload" : ""));
        }
        if (!view.unmounted().isEmpty()) {
            figures.put("types of file systems of which none is mounted", String.join(", ", view.unmounted()));
        }
    }

    private static String some(List<Path> places) {
        return places.stream().limit(NAMED_AT_MOST).map(Path::toString).collect(Collectors.joining(", "))
                + (places.size() > NAMED_AT_MOST ? ", …" : "");
    }

    @Override
    public void close() {
        mounts.close();
        untold.close();
        inForce = null;
    }

    private final class Change implements PolicyChange {
        private static final byte[] FIRST = new byte[Integer.BYTES];
        private final BpfMap outer;
        private final BpfMap.InnerMap inner;
        private final CompiledPolicy compiled;
        private final Set<String> programs;
        private boolean kept;
        private boolean committed;

        Change(BpfMap outer, BpfMap.InnerMap inner, CompiledPolicy compiled, Set<String> programs) {
            this.outer = outer;
            this.inner = inner;
            this.compiled = compiled;
            this.programs = programs;
        }

        @Override
        public Set<String> programs() {
            return programs;
        }

        @Override
        public void commit() {
            // The words first: the first event may come before this method returns.
            writer.inForce(compiled);
            outer.updateInner(FIRST, inner);
            kept = untold.inForce(inner, compiled);
            inForce = compiled;
            extended = compiled.mounts().added() > 0 ? Instant.now() : null;
            committed = true;
        }

        @Override
        public void close() {
            if (!kept) {
                inner.close();
            }
            if (committed) {
                // Not within the commit, which is to be one step: asks the kernel for files.
                mounts.inForce(compiled.mounts());
            }
        }
    }
}
