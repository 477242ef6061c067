// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.btf.Btf;
import garrison.framework.btf.BtfFunction;
import garrison.framework.libbpf.BpfCalls;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.OpenObject;
import garrison.spi.Answer;
import garrison.spi.KernelFeatures;
import garrison.spi.KernelVersion;
import garrison.spi.LsmHook;
import garrison.spi.ObjectSetup;
import garrison.spi.UnsupportedKernelException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The kernel this process runs on. The BTF (5 MB, 60 ms) is read when first asked about and kept, for it cannot change; the
 * list of security modules likewise, once securityfs could be read. Safe for use by several threads.
 */
public final class RunningKernel implements KernelFeatures {
    /** The first kernel that checks signatures of programs, and gives maps a digest. */
    public static final KernelVersion SIGNATURES_SINCE = new KernelVersion(6, 18, 0);

    /**
     * Hooks that have a function in BTF and still take no program, by the kernel that first refuses them:
     * {@code bpf_lsm_disabled_hooks} in kernel/bpf/bpf_lsm.c, which user space cannot read. Stable releases took over later
     * entries (6.12.107 refuses xfrm_decode_session), so that for these the kernel is asked by a trial where it lets us, and
     * this is the answer where it does not. The lab's tests compare with trial loads of all hooks.
     */
    private static final Map<KernelVersion, Set<String>> DISABLED_HOOKS = Map.of(
            new KernelVersion(6, 12, 0), Set.of("vm_enough_memory", "inode_need_killpriv", "inode_getsecurity",
                    "inode_listsecurity", "inode_copy_up_xattr", "getselfattr", "getprocattr", "setprocattr",
                    "key_getsecurity", "audit_rule_match", "ismaclabel"),
            new KernelVersion(7, 0, 0), Set.of("file_alloc_security", "xfrm_decode_session"));

    /** Functions of kernel/bpf/bpf_lsm.c itself, which share the hooks' prefix. */
    private static final Set<String> NO_HOOKS = Set.of("find_cgroup_shim", "func_proto", "get_retval_range",
            "has_d_inode_locked", "hook_returns_errno", "init", "is_sleepable_hook", "is_trusted", "verify_prog");

    private static final String HOOK_PREFIX = "bpf_lsm_";

    private final Path btfFile;
    private final Path lsmFile;
    private final String release;
    private final HookTrial trial;
    private final Map<String, Boolean> tried = new ConcurrentHashMap<>();
    private final Map<String, Answer> triedSleepable = new ConcurrentHashMap<>();
    private volatile Btf btf;
    private volatile List<String> lsms;
    private volatile Answer signatures = new Answer.Inconclusive("not tried yet");

    /** Looks at /proc and /sys, and where these do not tell, tries. */
    public RunningKernel(Libbpf libbpf) {
        this(Path.of("/proc/sys/kernel/osrelease"), Path.of("/sys/kernel/btf/vmlinux"), Path.of("/sys/kernel/security/lsm"),
                HookTrial.with(libbpf));
    }

    RunningKernel(Path releaseFile, Path btfFile, Path lsmFile, HookTrial trial) {
        this.trial = trial;
        this.btfFile = btfFile;
        this.lsmFile = lsmFile;
        try {
            release = Files.readString(releaseFile).strip();
        } catch (IOException e) {
            throw new UnsupportedKernelException("kernel release", releaseFile + " cannot be read (" + e.getMessage()
                    + "): is this Linux with /proc mounted?");
        }
    }

    @Override
    public String release() {
        return release;
    }

    @Override
    public KernelVersion version() {
        return KernelVersion.parse(release);
    }

    /**
     * The kernel's own types.
     *
     * @throws UnsupportedKernelException if this kernel gives none
     */
    public Btf btf() {
        Btf known = btf;
        if (known == null) {
            synchronized (this) {
                known = btf;
                if (known == null) {
                    known = readBtf();
                    btf = known;
                }
            }
        }
        return known;
    }

    private Btf readBtf() {
        try {
            return Btf.parse(btfFile.toString(), Files.readAllBytes(btfFile));
        } catch (IOException e) {
            throw new UnsupportedKernelException("BTF", "kernel " + release + " gives no type information: " + btfFile
                    + " cannot be read (" + e.getClass().getSimpleName() + "); it takes a kernel with CONFIG_DEBUG_INFO_BTF=y"
                    + " and /sys mounted");
        }
    }

    @Override
    public Optional<LsmHook> lsmHook(String name) {
        if (NO_HOOKS.contains(name)) {
            return Optional.empty();
        }
        return btf().function(HOOK_PREFIX + name).filter(_ -> takesPrograms(name)).map(f -> hook(name, f));
    }

    private boolean takesPrograms(String hook) {
        for (Map.Entry<KernelVersion, Set<String>> since : DISABLED_HOOKS.entrySet()) {
            if (since.getValue().contains(hook)) {
                return tried.computeIfAbsent(hook, _ -> trial.loads(btf().functionId(HOOK_PREFIX + hook))
                        .orElse(version().compareTo(since.getKey()) < 0));
            }
        }
        return true;
    }

    /** All LSM hooks that BPF programs can attach to here: 243 on Debian's 6.1, 257 on its 6.12, 262 on its 7.2. */
    public List<LsmHook> lsmHooks() {
        return btf().functions(HOOK_PREFIX).stream().distinct().flatMap(f -> lsmHook(f.substring(HOOK_PREFIX.length())).stream())
                .toList();
    }

    /**
     * Whether a hook takes sleepable programs: known only by a trial, because the kernel's list ({@code sleepable_lsm_hooks} in
     * kernel/bpf/bpf_lsm.c) cannot be read.
     *
     * @return inconclusive if the kernel does not let this process try
     */
    public Answer sleepable(LsmHook hook) {
        return triedSleepable.computeIfAbsent(hook.name(), name -> {
            Optional<Boolean> loads = mayTry() ? trial.loadsSleepable(btf().functionId(HOOK_PREFIX + name)) : Optional.empty();
            return loads.<Answer>map(yes -> yes ? new Answer.Yes() : new Answer.No("hook " + name + " of kernel " + release
                    + " does not sleep", "")).orElse(new Answer.Inconclusive(
                            "kernel " + release + " did not let this process load a trial program"));
        });
    }

    /** Whether this process may load LSM programs, by the hook that is everywhere. */
    boolean mayTry() {
        return tried.computeIfAbsent("file_open", name -> {
            int function = btf().functionId(HOOK_PREFIX + name);
            return function != 0 && trial.loads(function).orElse(false);
        });
    }

    /** By a load with a signature that is none. Each signed object asks; a yes or no is kept. */
    @Override
    public Answer programSignatures() {
        if (signatures instanceof Answer.Inconclusive) {
            signatures = trySignature();
        }
        return signatures;
    }

    private Answer trySignature() {
        if (version().compareTo(SIGNATURES_SINCE) < 0) {
            return new Answer.No("it checks no programs' signatures before 6.18", "kernel 6.18 or later does");
        }
        int builtinTrustedKeys = 0;
        int noMap = -1;
        int result = BpfCalls.loadSigned("garrison_trial", HookTrial.DO_NOTHING, new byte[1], builtinTrustedKeys, noMap, MemorySegment.NULL);
        if (result >= 0) {
            Libc.close(result);
        }
        return switch (-result) {
            case Libc.ENOTSUP -> new Answer.No("it was built without the check of programs' signatures",
                    "a kernel with CONFIG_SYSTEM_DATA_VERIFICATION=y has it");
            case Libc.EPERM -> new Answer.Inconclusive("kernel " + release + " did not let this process load a trial program");
            default -> new Answer.Yes();
        };
    }

    private static LsmHook hook(String name, BtfFunction function) {
        return new LsmHook(name, function.parameters(), !function.returnType().equals("void"));
    }

    @Override
    public Answer function(String name) {
        return answer(name, "function", Btf::hasFunction);
    }

    @Override
    public Answer struct(String name) {
        return answer(name, "struct", Btf::hasStruct);
    }

    @Override
    public Optional<Map<String, Long>> enumeration(String name) {
        try {
            return btf().enumValues(name);
        } catch (UnsupportedKernelException e) {
            return Optional.empty();
        }
    }

    private interface Look {
        boolean has(Btf btf, String name);
    }

    private Answer answer(String name, String kind, Look look) {
        Btf types;
        try {
            types = btf();
        } catch (UnsupportedKernelException e) {
            return new Answer.Inconclusive(e.getMessage());
        }
        return look.has(types, name) ? new Answer.Yes() : new Answer.No("the BTF of kernel " + release + " has no " + kind
                + " " + name, MinimumKernels.of(name).map(v -> "kernel " + v + " or later has it").orElse(""));
    }

    @Override
    public List<String> activeLsms() {
        List<String> known = lsms;
        if (known == null) {
            try {
                String text = Files.readString(lsmFile, StandardCharsets.US_ASCII).strip();
                known = text.isEmpty() ? List.of() : List.of(text.split(","));
            } catch (IOException e) {
                // Not kept: securityfs may be mounted later, and bpfLsm() says what is missing.
                return List.of();
            }
            lsms = known;
        }
        return known;
    }

    @Override
    public Answer bpfLsm() {
        List<String> active = activeLsms();
        if (active.isEmpty()) {
            return new Answer.Inconclusive(lsmFile + " cannot be read; mount -t securityfs securityfs " + lsmFile.getParent());
        }
        return active.contains("bpf") ? new Answer.Yes() : new Answer.No("bpf is not among the active security modules of kernel "
                + release + " (" + String.join(",", active) + "): LSM programs would load, attach and never run",
                "boot with lsm=" + String.join(",", active) + ",bpf");
    }

    /**
     * What inode_setxattr and inode_removexattr programs must return to decide nothing: 1 where the kernel would else skip
     * its own capability check, 0 elsewhere.
     *
     * <p>Kernels without the hook inode_xattr_skipcap (before 6.11) make that check only if no module's hook returned 0. With
     * SELinux or Smack it is their hook that checks, and a 1 before theirs would skip them: then 0, as also when the list
     * of modules cannot be read, or bpf is not in it: the fall-back's 1 would be the function's own result.
     */
    public int xattrNoDecision() {
        List<String> active = activeLsms();
        boolean otherModuleChecks = active.isEmpty() || active.contains("selinux") || active.contains("smack");
        return otherModuleChecks || !active.contains("bpf") || btf().hasFunction(HOOK_PREFIX + "inode_xattr_skipcap") ? 0 : 1;
    }

    /** Sets the constants that the framework knows and the plugin need not: today {@link OpenObject#XATTR_NO_DECISION}. */
    public void setConstants(BpfSpec spec, ObjectSetup setup) {
        if (spec.constant(OpenObject.XATTR_NO_DECISION).isPresent()) {
            setup.constant(OpenObject.XATTR_NO_DECISION, xattrNoDecision());
        }
    }
}
