// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.light.LightSkeleton;
import garrison.framework.object.BpfSpec;
import garrison.framework.trust.Anchor;
import garrison.framework.trust.AnchorFiles;
import garrison.framework.trust.Revocations;
import garrison.framework.trust.SignedObject;
import garrison.framework.trust.SigningKey;
import garrison.framework.trust.TrustSettings;
import garrison.framework.trust.UntrustedObjectException;
import garrison.runtime.ExitCode;
import garrison.spi.GarrisonException;
import garrison.spi.ObjectFormatException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code garrison sign}. */
final class SignCommand {
    static final Command COMMAND = Command.named("sign", "Make signing keys, sign BPF objects, check signatures.")
            .description("Signs object files (NAME.bpf.o gets a NAME.bpf.o.p7s beside it), cfi-monitor's locks likewise, and bundles (all"
                    + " objects in a jar; the jar is replaced in one step). Signatures are detached CMS in the form that the kernel takes: SHA-256, RSA, no"
                    + " attributes. An object's light skeleton is signed with it (NAME.bpf.o.lskel.p7s): from kernel 6.18 on the kernel checks that itself.")
            .description("Who loads the objects names the certificate in garrison.trust.anchors; the key stays with the signer. It is"
                    + " written without a pass phrase.")
            .option("new-key", "NAME", "Make NAME.key and NAME.pem, never over files that are there; sign the files with it, if any are"
                    + " named.")
            .option("days", "N", "How long the new certificate is valid (default: 1825). Its signatures end with it.")
            .option("key", "FILE", "Sign with this key: PEM, PKCS#8.")
            .option("certificate", "FILE", "The key's certificate; with --verify, whose signatures are good (may be repeated).")
            .option("verify", "Check signatures instead of making them.")
            .parameter("FILE", "Objects (*.bpf.o), bundles (*.jar), and locks of cfi-monitor (*.lock).", Command.Arity.ANY)
            .does(call -> new SignCommand(call).run());

    private final Call call;
    private final Optional<Path> newKey;
    private final Optional<Path> key;
    private final int days;
    private final List<Path> certificates;
    private final List<Path> files;

    private SignCommand(Call call) {
        this.call = call;
        newKey = Optional.ofNullable(call.value("new-key", null)).map(Path::of);
        key = Optional.ofNullable(call.value("key", null)).map(Path::of);
        days = call.number("days", 1825, Integer::valueOf);
        certificates = call.values("certificate").stream().map(Path::of).toList();
        files = call.words().stream().map(Path::of).toList();
    }

    private int run() {
        if (call.has("verify")) {
            require(newKey.isEmpty() && key.isEmpty() && !certificates.isEmpty(), "--verify needs --certificate, and no key");
            require(!files.isEmpty(), "which FILE?");
            return verified() ? ExitCode.OK : ExitCode.FAILURE;
        }
        require(newKey.isEmpty() ? key.isPresent() && certificates.size() == 1 : key.isEmpty() && certificates.isEmpty(),
                "give --key with its --certificate, or --new-key");
        require(newKey.isPresent() || !files.isEmpty(), "which FILE?");
        require(days > 0, "--days is " + days + "; at least 1");
        // All that can be wrong with a file is found before a key is made or a file changed.
        List<SignFile> all = files.stream().map(SignFile::of).toList();
        SigningKey signing = newKey.isEmpty() ? SigningKey.read(key.orElseThrow(), certificates.getFirst()) : make(newKey.get());
        for (SignFile file : all) {
            file.sign(signing).forEach(object -> out().println("signed " + object));
        }
        return ExitCode.OK;
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new UsageException(problem);
        }
    }

    private SigningKey make(Path name) {
        SigningKey made = SigningKey.create(name.getFileName().toString(), Duration.ofDays(days));
        Path keyFile = name.resolveSibling(name.getFileName() + ".key");
        Path certificate = name.resolveSibling(name.getFileName() + ".pem");
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
                    if (object.skeleton().isPresent()) {
                        trust.check(path.toString(), object.asSkeleton(
                                LightSkeleton.of(BpfSpec.parse(object.name(), object.bytes()), object.bytes()).code()));
                    }
                    out().println("good " + path + ": " + object.name() + (object.skeleton().isPresent() ? " and its light skeleton" : "")
                            + ", signed by " + signer);
                } catch (UntrustedObjectException | ObjectFormatException e) {
                    call.err().println("garrison: " + e.getMessage());
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
        return call.out();
    }
}
