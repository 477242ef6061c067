// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.KernelFeature;
import garrison.framework.btf.Btf;
import garrison.framework.libbpf.Libbpf;
import garrison.spi.Answer;
import garrison.spi.KernelVersion;
import garrison.spi.LsmHook;
import garrison.spi.UnsupportedKernelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;

/**
 * Looks at everything of the running kernel that a BPF object can need: by its BTF where that tells, else by trial loads of
 * programs that do nothing. 20 to 60 ms natively on top of reading the BTF; some answers are inconclusive without the right to
 * load programs. Safe for use by several threads.
 */
public final class FeatureScan {
    private static final Path LOCKDOWN = Path.of("/sys/kernel/security/lockdown");
    private static final Path KPTR_RESTRICT = Path.of("/proc/sys/kernel/kptr_restrict");
    private static final String PROGRAM_SIGNATURES = "program_signatures";
    private static final String KFUNC_TAG = "bpf_kfunc";
    private static final String KFUNC_PREFIX = "bpf_";
    /** Functions of libbpf that not every 1.x has, with the first that does. */
    private static final Map<String, String> LIBBPF_SINCE = Map.of("ring_buffer__ring", "1.3", "ring_buffer__consume_n", "1.5",
            "bpf_object__prepare", "1.6");

    private final RunningKernel kernel;
    private final Libbpf libbpf;
    private Set<String> kfuncs;

    /** Looks at nothing yet. */
    public FeatureScan(RunningKernel kernel, Libbpf libbpf) {
        this.kernel = kernel;
        this.libbpf = libbpf;
    }

    /**
     * All there is, and of what is missing that which has a name here.
     *
     * @throws UnsupportedKernelException if this kernel gives no BTF
     */
    public synchronized List<KernelFeature> all() {
        List<KernelFeature> all = new ArrayList<>();
        Map<String, KernelFeature> hooks = new TreeMap<>();
        kernel.lsmHooks().forEach(hook -> hooks.put(hook.name(), hook(hook)));
        MinimumKernels.hooks().forEach(name -> hooks.computeIfAbsent(name, this::hook));
        all.addAll(hooks.values());
        Set<String> functions = new TreeSet<>(MinimumKernels.kfuncs());
        functions.addAll(kfuncs());
        functions.forEach(name -> all.add(look(Namespace.KFUNC, name)));
        BpfTypes.PROGRAMS.stream().skip(1).forEach(name -> all.add(look(Namespace.PROGRAM, name)));
        BpfTypes.MAPS.stream().skip(1).forEach(name -> all.add(look(Namespace.MAP, name)));
        Set<String> modules = new LinkedHashSet<>(kernel.activeLsms());
        modules.add("bpf");
        modules.forEach(name -> all.add(look(Namespace.LSM, name)));
        all.add(look(Namespace.SETTING, "lockdown"));
        all.add(look(Namespace.SETTING, "kptr_restrict"));
        all.add(look(Namespace.SETTING, PROGRAM_SIGNATURES));
        LIBBPF_SINCE.keySet().stream().sorted().forEach(name -> all.add(look(Namespace.LIBBPF, name)));
        return all;
    }

    /** One thing, whether {@link #all()} would name it or not. */
    public synchronized KernelFeature look(Namespace namespace, String name) {
        return switch (namespace) {
            case HOOK -> hook(name);
            case KFUNC -> feature(namespace, name, kfunc(name));
            case FUNCTION -> feature(namespace, name, kernel.function(name));
            case PROGRAM -> feature(namespace, name, program(name));
            case MAP -> feature(namespace, name, type(namespace, "bpf_map_type", name, BpfTypes.MAPS, libbpf::probeMapType));
            case LSM -> feature(namespace, name, module(name));
            case SETTING -> name.equals(PROGRAM_SIGNATURES) ? feature(namespace, name, kernel.programSignatures()) : setting(name);
            case LIBBPF -> feature(namespace, name, libbpf(name));
        };
    }

    /** The first mainline kernel that has it, for messages only; empty when unknown. */
    public static Optional<KernelVersion> since(Namespace namespace, String name) {
        return MinimumKernels.of(namespace, name);
    }

    private static KernelFeature feature(Namespace namespace, String name, Answer answer) {
        return new KernelFeature(namespace.text(), name, answer);
    }

    private Answer.No no(Namespace namespace, String name, String reason) {
        return new Answer.No(reason, since(namespace, name).map(v -> "kernel " + v + " or later has it").orElse(""));
    }

    private KernelFeature hook(String name) {
        return kernel.lsmHook(name).map(this::hook).orElseGet(() -> {
            String reason = kernel.btf().hasFunction("bpf_lsm_" + name) ? "kernel " + kernel.release() + " takes no programs there"
                    : "the BTF of kernel " + kernel.release() + " has no function bpf_lsm_" + name;
            return feature(Namespace.HOOK, name, no(Namespace.HOOK, name, reason));
        });
    }

    private KernelFeature hook(LsmHook hook) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("sleepable", word(kernel.sleepable(hook)));
        attributes.put("verdict", String.valueOf(hook.returnsVerdict()));
        attributes.put("arity", (long) hook.arguments().size());
        attributes.put("arguments", hook.arguments());
        return new KernelFeature(Namespace.HOOK.text(), hook.name(), new Answer.Yes(), attributes);
    }

    /** {@code yes}, {@code no} or {@code inconclusive}. */
    public static String word(Answer answer) {
        return switch (answer) {
            case Answer.Yes _ -> "yes";
            case Answer.No _ -> "no";
            case Answer.Inconclusive _ -> "inconclusive";
        };
    }

    /** Kernels built by pahole 1.26 or later tag them. In others any function of the usual prefix may be one. */
    private Set<String> kfuncs() {
        if (kfuncs == null) {
            Btf btf = kernel.btf();
            List<String> tagged = btf.functionsTagged(KFUNC_TAG);
            kfuncs = (tagged.isEmpty() ? btf.functions(KFUNC_PREFIX).stream().filter(f -> !f.startsWith("bpf_lsm_")) : tagged.stream())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
        return kfuncs;
    }

    private Answer kfunc(String name) {
        if (kfuncs().contains(name)) {
            return new Answer.Yes();
        }
        return no(Namespace.KFUNC, name, kernel.btf().hasFunction(name)
                ? "function " + name + " of kernel " + kernel.release() + " is not for BPF programs"
                : "the BTF of kernel " + kernel.release() + " has no function " + name);
    }

    private Answer program(String name) {
        Answer answer = type(Namespace.PROGRAM, "bpf_prog_type", name, BpfTypes.PROGRAMS, libbpf::probeProgramType);
        boolean needsBtfId = Set.of("lsm", "tracing", "ext").contains(name);
        // libbpf does not tell a kernel that lacks the type from one that refuses this process.
        return needsBtfId && answer instanceof Answer.No && !kernel.mayTry()
                ? new Answer.Inconclusive("kernel " + kernel.release() + " did not let this process load a trial program") : answer;
    }

    private Answer type(Namespace namespace, String enumeration, String name, List<String> names, IntUnaryOperator probe) {
        Map<String, Long> known = kernel.btf().enumValues(enumeration).orElse(Map.of());
        String constant = enumeration.toUpperCase(Locale.ROOT) + "_" + name.toUpperCase(Locale.ROOT);
        Long number = known.get(constant);
        if (number == null && !known.isEmpty()) {
            return no(namespace, name, "kernel " + kernel.release() + " knows no " + constant);
        }
        int asked = number == null ? names.indexOf(name) : number.intValue();
        int result = asked <= 0 ? -1 : probe.applyAsInt(asked);
        if (result < 0) {
            return new Answer.Inconclusive("libbpf " + libbpf.version() + " could not try " + constant
                    + (asked <= 0 ? "" : ": " + libbpf.words(result)));
        }
        return result > 0 ? new Answer.Yes()
                : no(namespace, name, "kernel " + kernel.release() + " was built without it, or refuses it");
    }

    private Answer module(String name) {
        List<String> active = kernel.activeLsms();
        if (name.equals("bpf")) {
            return kernel.bpfLsm();
        }
        return active.isEmpty() ? new Answer.Inconclusive("the list of security modules cannot be read; mount securityfs")
                : active.contains(name) ? new Answer.Yes()
                : new Answer.No("not among the active security modules of kernel " + kernel.release() + " ("
                        + String.join(",", active) + ")", "boot with it in lsm=");
    }

    private Answer libbpf(String name) {
        if (libbpf.has(name)) {
            return new Answer.Yes();
        }
        String since = LIBBPF_SINCE.get(name);
        return new Answer.No("libbpf " + libbpf.version() + " has no function " + name,
                since == null ? "" : "libbpf " + since + " or later has it");
    }

    private static KernelFeature setting(String name) {
        Path file = switch (name) {
            case "lockdown" -> LOCKDOWN;
            case "kptr_restrict" -> KPTR_RESTRICT;
            default -> throw new IllegalArgumentException("there is no setting " + name);
        };
        try {
            String text = Files.readString(file).strip();
            int open = text.indexOf('[');
            int close = text.indexOf(']');
            // Of "none [integrity] confidentiality" the one in brackets holds.
            String value = open >= 0 && close > open ? text.substring(open + 1, close) : text;
            return new KernelFeature(Namespace.SETTING.text(), name, new Answer.Yes(), Map.of("value", value));
        } catch (IOException e) {
            return feature(Namespace.SETTING, name, new Answer.Inconclusive(file + " cannot be read"));
        }
    }
}
