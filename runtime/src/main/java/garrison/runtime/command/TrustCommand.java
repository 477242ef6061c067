// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.trust.Anchor;
import garrison.framework.trust.AnchorFiles;
import garrison.framework.trust.KeyStoreFile;
import garrison.framework.trust.Release;
import garrison.framework.trust.SigningKey;
import garrison.runtime.ExitCode;
import garrison.spi.GarrisonException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code garrison trust init|sign|verify|install|rotate|revoke|list}. */
final class TrustCommand {
    private static final String CERTIFICATE = "certificate";
    private static final String FROM = "from";
    private static final String RELEASE = "release";
    private static final String RELEASE_WORDS = "What it is, signed with it, for garrison.plugins.trusted-bpf.minimum-versions.";

    static final Command COMMAND = Command.named("trust", "Make loaders' keys, sign loaders, check and install them.")
            .description("Loaders are the programs that the plugin trusted-bpf lets use BPF. Signed is the file's fs-verity digest, in"
                    + " the form that \"fsverity sign\" gives it; kernels before 6.8 take a signature of the file's SHA-256 in a list instead.")
            .command(KeyOption.passphraseOn(Command.named("init", "Make NAME.key or NAME.p12, and NAME.pem, never over files that are there."))
                    .option("days", "N", "How long the certificate is valid (default: 1825).")
                    .option("pkcs12", "Keep the key under a pass phrase, in NAME.p12.")
                    .parameter("NAME", "The key's name.")
                    .does(TrustCommand::init))
            .command(KeyOption.on(Command.named("sign", "Sign loaders: beside their content (user.garrison.signature), or elsewhere."))
                    .option("detached", "Write FILE.sig, as \"fsverity sign\" does, for \"install\".")
                    .option("list", "LIST", "For kernels before 6.8: put the signatures into this file.")
                    .option(RELEASE, "NAME:VERSION", RELEASE_WORDS)
                    .parameter("FILE", "Loaders.", Command.Arity.ANY)
                    .does(TrustCommand::sign))
            .command(Command.named("verify", "Check loaders' signatures, and whether they are sealed.")
                    .option("certificate", "FILE", "Whose signatures are good (may be repeated).")
                    .option("list", "LIST", "Check signatures in this file, for kernels before 6.8.")
                    .parameter("FILE", "Loaders.", Command.Arity.ANY)
                    .does(TrustCommand::verify))
            .command(KeyOption.on(Command.named("install", "Copy a loader to where it shall run, sign and seal the copy."))
                    .description("It takes TARGET's place when all is done. Signing needs a key; a signature made elsewhere needs none here.")
                    .option("signature", "SIG", "What \"sign --detached\" or \"fsverity sign\" wrote.")
                    .option(RELEASE, "NAME:VERSION", RELEASE_WORDS)
                    .parameter("FILE", "The loader.")
                    .parameter("TARGET", "Where it shall run, on a file system with fs-verity.")
                    .does(TrustCommand::install))
            .command(KeyOption.on(Command.named("rotate", "Sign loaders anew, with another key, that are good by the one before."))
                    .description("One that is not good by it is told of, and none is changed then. What a loader is called, and its version, stays"
                            + " (--release). The plugin takes both keys while both certificates are named.")
                    .option(FROM, "FILE", "Certificate of the key that signed them (may be repeated).")
                    .option("list", "LIST", "For kernels before 6.8: the signatures are in this file.")
                    .parameter("FILE", "Loaders; of a folder all files in it.", Command.Arity.ANY)
                    .does(TrustCommand::rotate))
            .command(Command.named("revoke", "Print the digests of files, for garrison.plugins.trusted-bpf.revoked-digests.")
                    .description("A file with such a digest is trusted no more, whoever signed it. To revoke a key name its certificate in"
                            + " garrison.plugins.trusted-bpf.revoked.")
                    .option("content", "For kernels before 6.8: the SHA-256 of the whole content, not fs-verity's digest.")
                    .parameter("FILE", "Loaders, scripts.", Command.Arity.ANY)
                    .does(TrustCommand::revoke))
            .command(Command.named("list", "Tell whether files are signed, by which key, and whether they are sealed.")
                    .parameter("FILE", "Loaders; of a folder all files in it.", Command.Arity.ANY)
                    .does(TrustCommand::list));

    private TrustCommand() {}

    private static int init(Call call) {
        Path name = Path.of(call.words().getFirst());
        int days = call.number("days", 1825, Integer::valueOf);
        if (days < 1) {
            throw new UsageException("--days is " + days + "; at least 1");
        }
        SigningKey made = SigningKey.create(name.getFileName().toString(), Duration.ofDays(days));
        Path certificate = sibling(name, ".pem");
        Path key = sibling(name, call.has("pkcs12") ? ".p12" : ".key");
        if (call.has("pkcs12")) {
            KeyStoreFile.write(made, key, KeyOption.passphrase(call, key));
            made.writeCertificate(certificate);
        } else {
            made.write(key, certificate);
        }
        call.out().println("wrote " + key + ", the key: keep it where no one else can read it");
        return call.done("wrote " + certificate + ", for garrison.plugins.trusted-bpf.certificates: SHA-256 "
                + made.certificate().fingerprint());
    }

    private static Path sibling(Path name, String suffix) {
        return name.resolveSibling(name.getFileName() + suffix);
    }

    private static List<Path> files(Call call) {
        if (call.words().isEmpty()) {
            throw new UsageException("which FILE?");
        }
        return call.words().stream().map(Path::of).toList();
    }

    private static int sign(Call call) {
        Optional<Path> list = Optional.ofNullable(call.value("list", null)).map(Path::of);
        if (call.has("detached") && list.isPresent()) {
            throw new UsageException("--detached and --list exclude each other");
        }
        List<LoaderFile> loaders = files(call).stream().map(LoaderFile::new).toList();
        // All that can be wrong with a file is found before one is changed.
        loaders.forEach(LoaderFile::digest);
        Optional<Release> release = release(call);
        SigningKey key = KeyOption.read(call);
        for (LoaderFile loader : loaders) {
            String where = list.isPresent() ? loader.signInList(key, release, list.get())
                    : call.has("detached") ? loader.signDetached(key, release) : loader.signBeside(key, release);
            call.out().println("signed " + loader + " in " + where);
        }
        return ExitCode.OK;
    }

    private static Optional<Release> release(Call call) {
        return Optional.ofNullable(call.value(RELEASE, null)).map(Release::parse);
    }

    /** Every file is told about, good or not. */
    private static int verify(Call call) {
        List<Anchor> anchors = anchors(call, CERTIFICATE);
        Path list = Optional.ofNullable(call.value("list", null)).map(Path::of).orElse(null);
        boolean good = true;
        for (Path file : files(call)) {
            Optional<String> problem = new LoaderFile(file).problem(anchors, list);
            problem.ifPresentOrElse(p -> call.err().println("garrison: " + file + ": " + p), () -> call.out().println("good " + file));
            good &= problem.isEmpty();
        }
        return good ? ExitCode.OK : ExitCode.FAILURE;
    }

    private static int rotate(Call call) {
        List<Anchor> anchors = anchors(call, FROM);
        Path list = Optional.ofNullable(call.value("list", null)).map(Path::of).orElse(null);
        List<LoaderFile> loaders = files(call).stream().flatMap(file -> LoaderFile.within(file).stream()).toList();
        // All that can be wrong with a file is found before one is changed.
        List<String> problems = new ArrayList<>();
        for (LoaderFile loader : loaders) {
            loader.problem(anchors, list).ifPresent(problem -> problems.add(loader + ": " + problem));
        }
        if (!problems.isEmpty()) {
            problems.forEach(problem -> call.err().println("garrison: " + problem));
            return ExitCode.FAILURE;
        }
        SigningKey key = KeyOption.read(call);
        for (LoaderFile loader : loaders) {
            Optional<Release> release = loader.release(list);
            call.out().println("signed " + loader + " in " + (list == null ? loader.signBeside(key, release) : loader.signInList(key, release, list)));
        }
        return ExitCode.OK;
    }

    private static List<Anchor> anchors(Call call, String option) {
        List<String> certificates = call.values(option);
        if (certificates.isEmpty()) {
            throw new UsageException("--" + option + " is missing: whose signatures are good?");
        }
        List<Anchor> anchors = new ArrayList<>();
        for (String certificate : certificates) {
            try {
                anchors.addAll(AnchorFiles.read(Path.of(certificate)));
            } catch (AnchorFiles.UnusableException e) {
                throw new GarrisonException("--" + option + " " + e.getMessage() + "; " + e.remedy(), e);
            }
        }
        return anchors;
    }

    private static int install(Call call) {
        LoaderFile loader = new LoaderFile(Path.of(call.words().getFirst()));
        Path target = Path.of(call.words().getLast());
        if (call.has("signature")) {
            if (call.has(RELEASE)) {
                throw new UsageException("--release was given when SIG was made: it is signed with it");
            }
            loader.install(target, call.file("signature", ""));
        } else {
            loader.install(target, KeyOption.read(call), release(call));
        }
        return call.done("installed " + target + ", signed and sealed");
    }

    private static int revoke(Call call) {
        boolean content = call.has("content");
        files(call).forEach(file -> call.out().println("\"" + new LoaderFile(file).digestText(content) + "\"   # " + file));
        return ExitCode.OK;
    }

    private static int list(Call call) {
        TextTable table = new TextTable(Integer.MAX_VALUE, "FILE", "SIGNED BY KEY", "RELEASE", "SEALED", "DIGEST");
        for (Path file : files(call)) {
            for (LoaderFile loader : LoaderFile.within(file)) {
                table.row(loader.toString(), loader.signer(), loader.release(), loader.isSealed() ? "yes" : "no", loader.digestText());
            }
        }
        table.lines().forEach(call.out()::println);
        return ExitCode.OK;
    }
}
