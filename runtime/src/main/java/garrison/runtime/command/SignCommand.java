// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.trust.Anchor;
import garrison.framework.trust.AnchorFiles;
import garrison.framework.trust.Revocations;
import garrison.framework.trust.SignedObject;
import garrison.framework.trust.SigningKey;
import garrison.framework.trust.TrustSettings;
import garrison.framework.trust.UntrustedObjectException;
import garrison.runtime.ExitCode;
import garrison.spi.GarrisonException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code garrison sign}. */
@Command(name = "sign", header = "Make signing keys, sign BPF objects, check signatures.",
        description = {"Signs object files (NAME.bpf.o gets a NAME.bpf.o.p7s beside it) and bundles (all objects in a jar; the jar"
            + " is replaced in one step). Signatures are detached CMS in the form that the kernel takes: SHA-256, RSA, no attributes.",
            "%nWho loads the objects names the certificate in garrison.trust.anchors; the key stays with the signer. It is written"
            + " without a pass phrase.%n"})
final class SignCommand implements Callable<Integer> {
    @Option(names = "--new-key", paramLabel = "NAME",
            description = "Make NAME.key and NAME.pem, never over files that are there; sign the files with it, if any are named.")
    private Path newKey;

    @Option(names = "--days", paramLabel = "N", defaultValue = "1825",
            description = "How long the new certificate is valid (default: ${DEFAULT-VALUE}). Its signatures end with it.")
    private int days;

    @Option(names = "--key", paramLabel = "FILE", description = "Sign with this key: PEM, PKCS#8.")
    private Path key;

    @Option(names = "--certificate", paramLabel = "FILE",
            description = "The key's certificate; with --verify, whose signatures are good (may be repeated).")
    private List<Path> certificates = new ArrayList<>();

    @Option(names = "--verify", description = "Check signatures instead of making them.")
    private boolean verify;

    @Parameters(arity = "0..*", paramLabel = "FILE", description = "Objects (*.bpf.o) and bundles (*.jar).")
    private List<Path> files = new ArrayList<>();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (verify) {
            require(newKey == null && key == null && !certificates.isEmpty(), "--verify needs --certificate, and no key");
            require(!files.isEmpty(), "which FILE?");
            return verified() ? ExitCode.OK : ExitCode.FAILURE;
        }
        require(newKey == null ? key != null && certificates.size() == 1 : key == null && certificates.isEmpty(),
                "give --key with its --certificate, or --new-key");
        require(newKey != null || !files.isEmpty(), "which FILE?");
        require(days > 0, "--days is " + days + "; at least 1");
        // All that can be wrong with a file is found before a key is made or a file changed.
        List<SignFile> all = files.stream().map(SignFile::of).toList();
        SigningKey signing = newKey == null ? SigningKey.read(key, certificates.getFirst()) : make();
        for (SignFile file : all) {
            file.sign(signing).forEach(object -> out().println("signed " + object));
        }
        return ExitCode.OK;
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    private SigningKey make() {
        SigningKey made = SigningKey.create(newKey.getFileName().toString(), Duration.ofDays(days));
        Path keyFile = newKey.resolveSibling(newKey.getFileName() + ".key");
        Path certificate = newKey.resolveSibling(newKey.getFileName() + ".pem");
        made.write(keyFile, certificate);
        out().println("wrote " + keyFile + ", the key: keep it where no one else can read it");
        out().println("wrote " + certificate + ", the certificate for garrison.trust.anchors: SHA-256 " + made.certificate().fingerprint());
        return made;
    }

    /** Every object is told about, good or not. */
    private boolean verified() {
        TrustSettings trust = new TrustSettings(anchors(), true, Revocations.NONE);
        boolean good = true;
        for (Path path : files) {
            for (SignedObject object : SignFile.of(path).objects()) {
                try {
                    Anchor signer = trust.check(path.toString(), object).orElseThrow();
                    out().println("good " + path + ": " + object.name() + ", signed by " + signer);
                } catch (UntrustedObjectException e) {
                    spec.commandLine().getErr().println("garrison: " + e.getMessage());
                    good = false;
                }
            }
        }
        return good;
    }

    private List<Anchor> anchors() {
        List<Anchor> anchors = new ArrayList<>();
        for (Path certificate : certificates) {
            try {
                anchors.addAll(AnchorFiles.read(certificate));
            } catch (AnchorFiles.UnusableException e) {
                throw new GarrisonException("--certificate " + e.getMessage() + "; " + e.remedy(), e);
            }
        }
        return anchors;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
