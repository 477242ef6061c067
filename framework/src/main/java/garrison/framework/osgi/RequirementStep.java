// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import garrison.framework.kernel.KernelNeed;
import garrison.framework.kernel.Namespace;
import garrison.framework.kernel.ObjectNeeds;
import garrison.framework.object.BpfSpec;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.osgi.framework.Constants;

/**
 * The build step that derives a plugin bundle's {@code Require-Capability} from the BPF objects in it. To be run on the folder of
 * the bundle's content, after its manifest was made and before the jar is.
 *
 * <p>Requirements typed by hand in the namespaces of the kernel's features are allowed where they say the same as the object, and
 * fail the build where they do not. Several objects in one bundle are taken for variants, of which one will do.
 */
public final class RequirementStep {
    private static final String OBJECT_SUFFIX = ".bpf.o";

    private RequirementStep() {}

    /** A failure whose message is all there is to know. */
    private static final class BuildFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BuildFailure(String message) {
            super(message, null, false, false);
        }
    }

    /** Called by the build with one argument, the folder of the bundle's content. */
    public static void main(String[] arguments) {
        if (arguments.length != 1) {
            throw new BuildFailure("usage: RequirementStep FOLDER; the folder holds META-INF/MANIFEST.MF and the *.bpf.o files");
        }
        try {
            run(Path.of(arguments[0]));
        } catch (GarrisonException e) {
            throw new BuildFailure(e.getMessage());
        }
    }

    /**
     * Writes the requirements into the manifest; those of an earlier run are replaced.
     *
     * @param content the folder of the bundle's content
     * @throws GarrisonException if there is no object, one cannot be read, or a requirement typed by hand disagrees with them
     */
    public static void run(Path content) {
        Path file = content.resolve("META-INF/MANIFEST.MF");
        try {
            List<BpfSpec> specs = objects(content);
            Manifest manifest = new Manifest();
            try (InputStream in = Files.newInputStream(file)) {
                manifest.read(in);
            }
            require(manifest, specs, file.toString());
            try (OutputStream out = Files.newOutputStream(file)) {
                manifest.write(out);
            }
        } catch (IOException e) {
            throw new GarrisonException(content + ": requirements cannot be derived: " + e + "; the step runs after the objects and"
                    + " the manifest were made", e);
        }
    }

    /**
     * The same for a manifest in memory.
     *
     * @param specs the bundle's objects, of which one will do
     * @param where the manifest, for errors
     */
    public static void require(Manifest manifest, List<BpfSpec> specs, String where) {
        List<Clause> derived = ObjectNeeds.ofVariants(specs).stream().map(KernelRequirement::clause).flatMap(Optional::stream)
                .toList();
        String header = manifest.getMainAttributes().getValue(Constants.REQUIRE_CAPABILITY);
        List<Clause> clauses = new ArrayList<>();
        for (Clause clause : header == null ? List.<Clause>of() : Clause.parse(where + ", " + Constants.REQUIRE_CAPABILITY, header)) {
            if (Namespace.of(clause.path()).isEmpty()) {
                clauses.add(clause);
            } else if (!KernelRequirement.derived(clause)) {
                agree(clause, derived, where);
            }
        }
        clauses.addAll(derived);
        if (!clauses.isEmpty()) {
            manifest.getMainAttributes().putValue(Constants.REQUIRE_CAPABILITY, Clause.header(clauses));
        }
    }

    private static void agree(Clause typed, List<Clause> derived, String where) {
        if (derived.stream().noneMatch(d -> KernelRequirement.agree(typed, d))) {
            String name = KernelRequirement.need(typed).map(KernelNeed::name).orElse("");
            String instead = derived.stream().filter(d -> d.path().equals(typed.path())
                    && KernelRequirement.need(d).map(KernelNeed::name).orElse("").equals(name)).map(Clause::text).findFirst()
                    .map(d -> "they say " + d).orElse("no object of the bundle needs it");
            throw new GarrisonException(where + ": the requirement typed by hand, " + typed.text()
                    + ", disagrees with the objects: " + instead + "; remove it, it is derived");
        }
    }

    private static List<BpfSpec> objects(Path content) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(content)) {
            files = all.filter(f -> f.getFileName().toString().endsWith(OBJECT_SUFFIX)).sorted().toList();
        }
        if (files.isEmpty()) {
            throw new GarrisonException(content + " holds no *" + OBJECT_SUFFIX + " to derive requirements from");
        }
        List<BpfSpec> specs = new ArrayList<>();
        for (Path file : files) {
            specs.add(BpfSpec.parse(file.getFileName().toString(), Files.readAllBytes(file)));
        }
        return specs;
    }
}
