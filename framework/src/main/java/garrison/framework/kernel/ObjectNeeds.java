// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.object.BpfSpec;
import garrison.framework.object.ExternSpec;
import garrison.framework.object.MapSpec;
import garrison.spi.ProgramInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Derives from an object's ELF what it needs of a kernel.
 *
 * <p>Optional is what the object itself declares so: programs in sections with {@code ?}, of which the plugin chooses at load,
 * and weak externs. A kfunc that is not weak is needed even if only an optional program calls it, for libbpf looks for it
 * whatever is loaded. That {@code bpf} is an active security module is optional too: it depends on the boot, and a plugin
 * may have another way.
 */
public final class ObjectNeeds {
    private static final Set<String> ON_FUNCTIONS = Set.of("fmod_ret", "fentry", "fexit");
    private static final Comparator<KernelNeed> ORDER = Comparator.comparing(KernelNeed::namespace)
            .thenComparing(KernelNeed::optional).thenComparing(KernelNeed::name).thenComparing(KernelNeed::sleepable);

    private final String object;
    private final List<KernelNeed> needs = new ArrayList<>();

    private ObjectNeeds(String object) {
        this.object = object;
    }

    /** Everything one object needs, each once, by kind and name. */
    public static List<KernelNeed> of(BpfSpec spec) {
        ObjectNeeds derived = new ObjectNeeds(spec.name());
        spec.programs().forEach(derived::program);
        spec.maps().forEach(derived::map);
        spec.externs().forEach(derived::extern);
        derived.needs.sort(ORDER);
        return List.copyOf(derived.needs);
    }

    /** Of objects of which one will do: what all of them need is needed, the rest is optional. */
    public static List<KernelNeed> ofVariants(List<BpfSpec> specs) {
        List<KernelNeed> all = new ArrayList<>();
        for (BpfSpec spec : specs) {
            for (KernelNeed need : of(spec)) {
                Optional<KernelNeed> known = all.stream().filter(need::same).findAny();
                known.ifPresent(all::remove);
                all.add(known.map(k -> k.with(need, k.optional() || need.optional())).orElse(need));
            }
        }
        return all.stream().map(n -> n.objects().size() == specs.size() ? n : n.with(n, true)).sorted(ORDER).toList();
    }

    private void add(Namespace namespace, String name, boolean sleepable, boolean optional, String user) {
        KernelNeed need = new KernelNeed(namespace, name, sleepable, optional, Set.of(object), Set.of(user));
        Optional<KernelNeed> known = needs.stream().filter(need::same).findAny();
        known.ifPresent(needs::remove);
        needs.add(known.map(k -> k.with(need, k.optional() && optional)).orElse(need));
    }

    private void program(ProgramInfo program) {
        String name = program.name();
        BpfTypes.program(program.kind(), program.target())
                .ifPresent(type -> add(Namespace.PROGRAM, type, false, program.optional(), name));
        if (program.kind().equals("lsm")) {
            add(Namespace.HOOK, program.target(), program.sleepable(), program.optional(), name);
            add(Namespace.LSM, "bpf", false, true, name);
        } else if (ON_FUNCTIONS.contains(program.kind())) {
            add(Namespace.FUNCTION, program.target(), false, program.optional(), name);
        } else if (program.kind().equals("iter")) {
            add(Namespace.FUNCTION, "bpf_iter_" + program.target(), false, program.optional(), name);
        }
    }

    private void map(MapSpec map) {
        BpfTypes.map(map.type()).ifPresent(type -> add(Namespace.MAP, type, false, false, map.name()));
        map.inner().ifPresent(this::map);
    }

    private void extern(ExternSpec extern) {
        if (extern.function()) {
            if (extern.programs().isEmpty()) {
                add(Namespace.KFUNC, extern.name(), false, extern.weak(), "(declared)");
            }
            extern.programs().forEach(program -> add(Namespace.KFUNC, extern.name(), false, extern.weak(), program));
        }
    }
}
