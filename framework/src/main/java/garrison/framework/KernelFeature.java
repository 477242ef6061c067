// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import garrison.spi.Answer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One thing that the running kernel, its boot or libbpf has, lacks, or did not let itself be asked about.
 *
 * @param namespace what kind of thing, and the OSGi namespace of its capability: {@code garrison.kernel.hook} and so on
 * @param name its own name: a hook's, a kfunc's, a type's
 * @param answer whether it is there
 * @param attributes what else is known: strings, {@code Long}s, lists of strings; in order
 */
public record KernelFeature(String namespace, String name, Answer answer, Map<String, Object> attributes) {
    /** Copies the map. */
    public KernelFeature {
        attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    }

    /** Without attributes. */
    public KernelFeature(String namespace, String name, Answer answer) {
        this(namespace, name, answer, Map.of());
    }
}
