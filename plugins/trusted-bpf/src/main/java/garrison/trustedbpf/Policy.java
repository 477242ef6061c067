// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.ConfigurationException;
import garrison.spi.Settings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/**
 * What the configuration says, checked as far as that goes without asking the kernel.
 *
 * @param good certificates that hold now
 * @param expired certificates that have run out
 * @param revoked certificates that were revoked; in none of the other two
 * @param interpreters certificates whose programs are trusted with a signed script only
 * @param revokedDigests files that are trusted no more
 * @param minimumVersions the least versions that are trusted, by name; {@value MinimumVersions#ANY} for all other names
 * @param listed loaders with their signatures, for kernels that find them in a list
 * @param exceptions who may do what without being trusted
 * @param auditOnly what anybody may do, and is told of for
 * @param tokens what BPF tokens may delegate
 * @param protection what is guarded besides
 */
record Policy(List<X509Certificate> good, List<X509Certificate> expired, List<X509Certificate> revoked,
        List<X509Certificate> interpreters, List<byte[]> revokedDigests, Map<String, Long> minimumVersions, List<ListedFile> listed,
        List<Exception> exceptions, AuditOnly auditOnly, TokenLimits tokens, Protection protection) {
    private static final int LARGEST = 1 << 20;
    private static final String CERTIFICATES = "certificates";
    private static final String REVOKED = "revoked";
    private static final String INTERPRETERS = "interpreters";

    /**
     * Who may do what without being trusted.
     *
     * @param name unique
     * @param executable empty for any
     * @param uid the file system uid; empty for any
     * @param allowed bits as {@code trusted_bpf_value.bits} has them
     * @param error makes an error about its executable
     */
    record Exception(String name, Optional<Path> executable, OptionalLong uid, long allowed,
            Function<String, ConfigurationException> error) {}

    /**
     * What is told of, and not refused, in ENFORCE either.
     *
     * @param words as they are written
     * @param bits as {@code trusted_bpf_value.bits} has them
     */
    record AuditOnly(List<String> words, long bits) {
        private static final String KEY = "audit-only";

        static AuditOnly read(Settings settings) {
            List<String> words = settings.strings(KEY);
            return new AuditOnly(words, words.isEmpty() ? 0 : Permission.read(settings, KEY));
        }
    }

    /**
     * Reads the plugin's settings, and the files they name.
     *
     * @throws ConfigurationException with place and remedy
     */
    static Policy read(Settings settings) {
        return read(settings, Instant.now());
    }

    static Policy read(Settings settings, Instant now) {
        List<X509Certificate> revoked = certificates(settings, REVOKED);
        List<X509Certificate> good = new ArrayList<>();
        List<X509Certificate> expired = new ArrayList<>();
        for (X509Certificate certificate : certificates(settings, CERTIFICATES)) {
            if (now.isBefore(certificate.getNotBefore().toInstant())) {
                throw settings.error(CERTIFICATES, "holds " + name(certificate) + ", which is not valid before "
                        + certificate.getNotBefore().toInstant(), "take it out until then, or set the clock");
            }
            if (!revoked.contains(certificate)) {
                (now.isAfter(certificate.getNotAfter().toInstant()) ? expired : good).add(certificate);
            }
        }
        List<X509Certificate> interpreters = interpreters(settings, good, now);
        List<ListedFile> listed = settings.string("signatures", "").isEmpty() ? List.of()
                : ListedFile.read(settings.path("signatures", "/etc/garrison/loaders/signatures"), settings, "signatures");
        List<Exception> exceptions = exceptions(settings);
        List<byte[]> digests = Protection.revokedDigests(settings);
        Map<String, Long> minimumVersions = MinimumVersions.read(settings);
        AuditOnly auditOnly = AuditOnly.read(settings);
        TokenLimits tokens = TokenLimits.read(settings);
        Protection protection = Protection.read(settings);
        settings.end();
        return new Policy(List.copyOf(good), List.copyOf(expired), revoked, interpreters, digests, minimumVersions, listed, exceptions,
                auditOnly, tokens, protection);
    }

    /** A key that makes loaders makes no interpreters: which of the two a program is would not be told by its signature. */
    private static List<X509Certificate> interpreters(Settings settings, List<X509Certificate> good, Instant now) {
        List<X509Certificate> all = certificates(settings, INTERPRETERS);
        for (X509Certificate certificate : all) {
            if (good.contains(certificate)) {
                throw settings.error(INTERPRETERS, "holds " + name(certificate) + ", which is one of certificates, too",
                        "sign interpreters with a key of their own: garrison trust init makes one");
            }
            if (now.isBefore(certificate.getNotBefore().toInstant()) || now.isAfter(certificate.getNotAfter().toInstant())) {
                throw settings.error(INTERPRETERS, "holds " + name(certificate) + ", which is valid from "
                        + certificate.getNotBefore().toInstant() + " to " + certificate.getNotAfter().toInstant(), "take it out");
            }
        }
        return all;
    }

    private static List<Exception> exceptions(Settings settings) {
        List<Exception> all = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Settings each : settings.objects("exceptions")) {
            Exception exception = exception(each);
            if (!names.add(exception.name())) {
                throw each.error("name", "'" + exception.name() + "' is used by two exceptions", "give each a name of its own");
            }
            all.add(exception);
        }
        return List.copyOf(all);
    }

    private static Exception exception(Settings settings) {
        // A misspelt key is told as such, before what is missing for its sake.
        List.of("name", "executable", "uid", "commands").forEach(settings::has);
        settings.end();
        String name = settings.string("name");
        Optional<Path> executable = settings.has("executable")
                ? Optional.of(settings.path("executable", "/usr/lib/systemd/systemd")) : Optional.empty();
        // 2^32-1 is the one number that is no uid
        OptionalLong uid = settings.has("uid")
                ? OptionalLong.of(settings.integer("uid", 0, 0xfffffffeL, 0)) : OptionalLong.empty();
        if (executable.isEmpty() && uid.isEmpty()) {
            throw settings.error("executable", "is missing, and so is uid", "an exception for everyone is no gate");
        }
        return new Exception(name, executable, uid, Permission.read(settings, "commands"),
                problem -> settings.error("executable", problem, "name the program's file, or take exception '" + name + "' out"));
    }

    private static List<X509Certificate> certificates(Settings settings, String key) {
        List<X509Certificate> all = new ArrayList<>();
        for (Path path : settings.paths(key, "/etc/garrison/loaders/2026.pem")) {
            try (var in = Files.newInputStream(path)) {
                byte[] bytes = in.readNBytes(LARGEST);
                var found = CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes));
                if (found.isEmpty()) {
                    throw settings.error(key, "names " + path + ", which holds no certificate", "give PEM or DER of X.509");
                }
                for (Certificate certificate : found) {
                    all.add(usable(settings, key, path, (X509Certificate) certificate));
                }
            } catch (NoSuchFileException e) {
                throw settings.error(key, "names " + path + ", and there is no such file", "garrison trust init makes one");
            } catch (IOException e) {
                throw settings.error(key, "names " + path + ", which cannot be read: " + e.getMessage(), "give a readable file");
            } catch (CertificateException e) {
                throw settings.error(key, "names " + path + ", which is no certificate: " + e.getMessage(), "give PEM or DER of X.509");
            }
        }
        return List.copyOf(all);
    }

    /** What every kernel from 6.1 on takes. */
    private static X509Certificate usable(Settings settings, String key, Path path, X509Certificate certificate) {
        if (!certificate.getPublicKey().getAlgorithm().equals("RSA")) {
            throw settings.error(key, "names " + path + ", whose key is " + certificate.getPublicKey().getAlgorithm(),
                    "use RSA, which every kernel takes: garrison trust init makes one");
        }
        return certificate;
    }

    /** How messages call a certificate. */
    static String name(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }
}
