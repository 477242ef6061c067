// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import garrison.framework.Garrison;
import garrison.framework.KernelFeature;
import garrison.framework.Status;
import garrison.spi.Answer;
import java.util.LinkedHashMap;
import java.util.Map;

/** The kernel's facts in the form that the control protocol and {@code garrison kernel --json} print. */
public final class KernelFacts {
    private KernelFacts() {}

    /**
     * Of the kernel this process runs on, with all its features.
     *
     * @throws garrison.spi.GarrisonException without the privileges or the libbpf that Garrison needs
     */
    public static Map<String, Object> here() {
        try (Garrison garrison = Garrison.builder().start()) {
            Map<String, Object> facts = of(garrison.status().kernel());
            facts.put("features", garrison.features().stream().map(KernelFacts::of).toList());
            return facts;
        }
    }

    private static Map<String, Object> of(KernelFeature feature) {
        Map<String, Object> fact = new LinkedHashMap<>();
        fact.put("namespace", feature.namespace());
        fact.put("name", feature.name());
        fact.putAll(of(feature.answer()));
        fact.putAll(feature.attributes());
        return fact;
    }

    static Map<String, Object> of(Status.Kernel kernel) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("release", kernel.release());
        facts.put("active_lsms", kernel.activeLsms());
        facts.put("bpf_lsm", of(kernel.bpfLsm()));
        facts.put("libbpf", kernel.libbpf());
        return facts;
    }

    private static Map<String, Object> of(Answer answer) {
        Map<String, Object> words = new LinkedHashMap<>();
        switch (answer) {
            case Answer.Yes yes -> words.put("answer", "yes");
            case Answer.No no -> {
                words.put("answer", "no");
                words.put("reason", no.reason());
                words.put("remedy", no.remedy());
            }
            case Answer.Inconclusive open -> {
                words.put("answer", "inconclusive");
                words.put("reason", open.reason());
            }
        }
        return words;
    }
}
