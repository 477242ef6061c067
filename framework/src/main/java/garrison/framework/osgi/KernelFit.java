// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import garrison.framework.KernelFeature;
import garrison.framework.kernel.FeatureScan;
import garrison.framework.kernel.KernelNeed;
import garrison.framework.kernel.Namespace;
import garrison.framework.kernel.ObjectNeeds;
import garrison.framework.object.BpfSpec;
import garrison.spi.Answer;
import garrison.spi.GarrisonException;
import garrison.spi.KernelVersion;
import garrison.spi.ProgramSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.osgi.framework.Constants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a bundle fits a kernel: each of its requirements with the kernel's answer. Read from the jar, so that it needs no OSGi
 * framework in which the bundle fails to resolve.
 *
 * @param name the bundle's symbolic name
 * @param met what it needs and has
 * @param unmet what it needs and the kernel lacks: with any of these it does not run
 * @param without what it would use and the kernel lacks
 * @param open what could not be found out; such bundles resolve, and the load tells
 */
public record KernelFit(String name, List<Finding> met, List<Finding> unmet, List<Finding> without, List<Finding> open) {
    private static final Logger LOG = LoggerFactory.getLogger(KernelFit.class);
    private static final String OBJECT_SUFFIX = ".bpf.o";
    private static final int MAX_OBJECT = ProgramSource.MAX_BYTES;

    /** The kernel's answer for one need. */
    public record Finding(KernelNeed need, Answer answer) {
        /** For people: what, why not, since when, and for whom. */
        public String words() {
            String why = switch (answer) {
                case Answer.Yes _ -> "";
                case Answer.No(String reason, String remedy) -> ": " + reason + (remedy.isEmpty() ? "" : "; " + remedy);
                case Answer.Inconclusive(String reason) -> ": " + reason;
            };
            return thing() + why + (need.users().isEmpty() ? "" : "; needed by " + few(need.users()) + " of " + few(need.objects()));
        }

        private static String few(Set<String> names) {
            int shown = 3;
            return names.stream().limit(shown).collect(Collectors.joining(", "))
                    + (names.size() > shown ? " and " + (names.size() - shown) + " more" : "");
        }

        /** For people: the thing alone. */
        public String thing() {
            return (need.sleepable() ? "sleepable " : "") + need.namespace().words() + " " + need.name();
        }
    }

    /** Who knows the kernel. */
    @FunctionalInterface
    public interface Kernel {
        /** What is known of one thing, as {@link garrison.framework.Garrison#feature} tells. */
        KernelFeature feature(String namespace, String name);
    }

    /**
     * Looks at a bundle.
     *
     * @throws GarrisonException if the file cannot be read or is no bundle
     */
    public static KernelFit of(Path jar, Kernel kernel) {
        List<Finding> met = new ArrayList<>();
        List<Finding> unmet = new ArrayList<>();
        List<Finding> without = new ArrayList<>();
        List<Finding> open = new ArrayList<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = manifest(file);
            for (KernelNeed need : needs(jar, file, manifest)) {
                Finding finding = new Finding(need, answer(need, kernel));
                switch (finding.answer) {
                    case Answer.Yes _ -> met.add(finding);
                    case Answer.No _ -> (need.optional() ? without : unmet).add(finding);
                    case Answer.Inconclusive _ -> open.add(finding);
                }
            }
            String symbolic = manifest.getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
            return new KernelFit(symbolic == null ? jar.getFileName().toString() : symbolic.split(";")[0].strip(), met, unmet,
                    without, open);
        } catch (IOException e) {
            throw new GarrisonException("bundle " + jar + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Everything that some bundles require of a kernel, as if it could not be found out: with these they resolve anywhere.
     *
     * @param jars those that are no bundles are passed over
     */
    public static List<KernelFeature> assumed(List<Path> jars) {
        List<KernelFeature> features = new ArrayList<>();
        for (Path jar : jars) {
            try (JarFile file = new JarFile(jar.toFile())) {
                for (KernelNeed need : required(jar, manifest(file))) {
                    features.add(new KernelFeature(need.namespace().text(), need.name(), new Answer.Inconclusive("not asked")));
                }
            } catch (IOException e) {
                LOG.debug("{} is passed over; who installs it meets the same, and says so", jar, e);
            }
        }
        return features.stream().distinct().toList();
    }

    /** From which mainline kernel on it would run, as far as the kernel itself is what keeps it; empty when not known. */
    public Optional<KernelVersion> since() {
        List<Optional<KernelVersion>> each = unmet.stream().map(f -> FeatureScan.since(f.need.namespace(), f.need.name())).toList();
        return each.stream().anyMatch(Optional::isEmpty) ? Optional.empty()
                : each.stream().flatMap(Optional::stream).max(Comparator.naturalOrder());
    }

    private static Manifest manifest(JarFile file) throws IOException {
        Manifest manifest = file.getManifest();
        return manifest == null ? new Manifest() : manifest;
    }

    private static List<KernelNeed> required(Path jar, Manifest manifest) {
        String header = manifest.getMainAttributes().getValue(Constants.REQUIRE_CAPABILITY);
        return header == null ? List.of()
                : Clause.parse(jar + ", " + Constants.REQUIRE_CAPABILITY, header).stream().map(KernelRequirement::need)
                        .flatMap(Optional::stream).toList();
    }

    /** What the manifest says, and what the objects say beyond it: functions to attach to, and all if it was built without the step. */
    private static List<KernelNeed> needs(Path jar, JarFile file, Manifest manifest) throws IOException {
        List<KernelNeed> needs = new ArrayList<>(required(jar, manifest));
        List<BpfSpec> specs = new ArrayList<>();
        Enumeration<JarEntry> entries = file.entries();
        while (entries.hasMoreElements()) {
            JarEntry entry = entries.nextElement();
            if (entry.getName().endsWith(OBJECT_SUFFIX)) {
                try (var in = file.getInputStream(entry)) {
                    specs.add(BpfSpec.parse(jar + "!/" + entry.getName(), in.readNBytes(MAX_OBJECT)));
                }
            }
        }
        for (KernelNeed need : ObjectNeeds.ofVariants(specs)) {
            if (needs.stream().noneMatch(need::same)) {
                needs.add(need);
            }
        }
        return needs;
    }

    private static Answer answer(KernelNeed need, Kernel kernel) {
        KernelFeature feature = kernel.feature(need.namespace().text(), need.name());
        if (!feature.answer().yes() || need.namespace() != Namespace.HOOK || !need.sleepable()) {
            return feature.answer();
        }
        return switch (String.valueOf(feature.attributes().get("sleepable"))) {
            case "yes" -> feature.answer();
            case "no" -> new Answer.No("the hook is there, but takes no sleepable programs", "");
            default -> new Answer.Inconclusive("the kernel did not let this process try whether the hook takes sleepable programs");
        };
    }
}
