// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.KernelFeature;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.TestObjects;
import garrison.spi.Answer;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelFitTest {
    @TempDir
    Path folder;

    /** A bundle of {@code test_needs}, with or without derived requirements in its manifest. */
    private Path bundle(boolean derived) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Bundle-SymbolicName", "needy;singleton:=true");
        if (derived) {
            RequirementStep.require(manifest, List.of(BpfSpec.parse("test_needs.bpf.o", TestObjects.needs())), "test");
        }
        Path jar = folder.resolve("needy.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            out.putNextEntry(new JarEntry("bpf/test_needs.bpf.o"));
            out.write(TestObjects.needs());
        }
        return jar;
    }

    private static KernelFit.Kernel without(String... names) {
        return (namespace, name) -> new KernelFeature(namespace, name,
                Set.of(names).contains(name) ? new Answer.No("not here", "") : new Answer.Yes(), Map.of("sleepable", "no"));
    }

    private static Set<String> names(List<KernelFit.Finding> findings) {
        return findings.stream().map(f -> f.need().name()).collect(Collectors.toSet());
    }

    @Test
    void of_kernelWithoutAKfunc_namesItItsUserAndTheMinimumKernel() throws IOException {
        KernelFit fit = KernelFit.of(bundle(true), without("bpf_key_put", "garrison_no_such_hook"));
        assertEquals("needy", fit.name());
        assertEquals(Set.of("bpf_key_put"), names(fit.unmet()));
        assertEquals("kfunc bpf_key_put: not here; needed by count_unlink of test_needs.bpf.o", fit.unmet().getFirst().words());
        assertEquals("6.1", fit.since().orElseThrow().toString());
        assertTrue(names(fit.without()).contains("garrison_no_such_hook"), fit.without().toString());
    }

    @Test
    void of_hookThatDoesNotSleep_isMissingForWhoSleeps() throws IOException {
        KernelFit fit = KernelFit.of(bundle(true), without());
        assertEquals(Set.of("inode_unlink", "file_open"), names(fit.without()));
        assertTrue(fit.unmet().isEmpty(), fit.unmet().toString());
    }

    @Test
    void of_bundleBuiltWithoutTheStep_saysTheSame() throws IOException {
        KernelFit.Kernel kernel = without("bpf_key_put", "security_inode_rmdir");
        assertEquals(KernelFit.of(bundle(true), kernel).since(), KernelFit.of(bundle(false), kernel).since());
        assertEquals(Set.of("bpf_key_put"), names(KernelFit.of(bundle(false), kernel).unmet()));
        assertTrue(names(KernelFit.of(bundle(true), kernel).without()).contains("security_inode_rmdir"));
    }

    @Test
    void since_ofSomethingUnknown_isUnknown() throws IOException {
        assertEquals(Optional.empty(), KernelFit.of(bundle(true), without("bpf_key_put", "inode_mkdir")).since());
    }

    @Test
    void of_noise_isAnErrorThatNamesTheFile() throws IOException {
        Path noise = Files.writeString(folder.resolve("noise.jar"), "this is no jar");
        assertTrue(assertThrows(GarrisonException.class, () -> KernelFit.of(noise, without())).getMessage()
                .contains(noise.toString()));
        assertEquals(List.of(), KernelFit.assumed(List.of(noise)));
    }

    @Test
    void assumed_isAllThatTheManifestRequires() throws IOException {
        assertTrue(KernelFit.assumed(List.of(bundle(true))).contains(new KernelFeature("garrison.kernel.kfunc", "bpf_key_put",
                new Answer.Inconclusive("not asked"))));
    }
}
