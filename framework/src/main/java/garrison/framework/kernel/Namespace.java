// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import java.util.Arrays;
import java.util.Optional;

/** The kinds of features, by the OSGi namespaces of their capabilities; the attribute of the same name holds a feature's name. */
public enum Namespace {
    /** LSM hooks that take BPF programs. */
    HOOK("garrison.kernel.hook", "LSM hook"),
    /** Kernel functions that BPF programs may call. */
    KFUNC("garrison.kernel.kfunc", "kfunc"),
    /** Any function with BTF, to attach to. There are 60,000, so they are asked about, and never offered as capabilities. */
    FUNCTION("garrison.kernel.function", "kernel function"),
    /** Types of programs. */
    PROGRAM("garrison.kernel.program", "program type"),
    /** Types of maps. */
    MAP("garrison.kernel.map", "map type"),
    /** Active security modules: a matter of the boot, not of the kernel. */
    LSM("garrison.kernel.lsm", "active security module"),
    /** Settings that take something away from BPF. */
    SETTING("garrison.kernel.setting", "setting"),
    /** Functions of libbpf that not every version has. */
    LIBBPF("garrison.libbpf", "libbpf function");

    private final String text;
    private final String words;

    Namespace(String text, String words) {
        this.text = text;
        this.words = words;
    }

    /** As in a manifest. */
    public String text() {
        return text;
    }

    /** For people, in the singular. */
    public String words() {
        return words;
    }

    /** The namespace of a name in a manifest; empty if it is none of these. */
    public static Optional<Namespace> of(String text) {
        return Arrays.stream(values()).filter(n -> n.text.equals(text)).findAny();
    }
}
