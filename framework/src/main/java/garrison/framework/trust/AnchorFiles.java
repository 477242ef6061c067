// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.regex.PatternSyntaxException;

/** Reads certificates from PEM or DER files, and only from files that nobody else could have written. */
public final class AnchorFiles {
    private static final int LARGEST = 1 << 20;
    private static final int WRITABLE_BY_OTHERS = 0022;

    /** What is wrong with a file, and what to do. */
    public static final class UnusableException extends Exception {
        private static final long serialVersionUID = 1L;

        private final String remedy;

        UnusableException(String problem, String remedy) {
            super(problem);
            this.remedy = remedy;
        }

        /** What to do. */
        public String remedy() {
            return remedy;
        }
    }

    private AnchorFiles() {}

    /**
     * All certificates that a pattern names, files in the order of their names.
     *
     * @param pattern an absolute path whose last part may be a glob
     * @throws UnusableException if it names no file, or one that cannot be used
     */
    public static List<Anchor> find(String pattern) throws UnusableException {
        List<Anchor> anchors = new ArrayList<>();
        for (Path file : files(pattern)) {
            guarded(file);
            anchors.addAll(read(file));
        }
        return anchors;
    }

    private static List<Path> files(String pattern) throws UnusableException {
        Path path;
        try {
            path = Path.of(pattern);
        } catch (InvalidPathException e) {
            throw new UnusableException("is no path: " + e.getReason(), "write an absolute path; its last part may be a glob");
        }
        if (!path.isAbsolute() || path.getFileName() == null) {
            throw new UnusableException("is '" + pattern + "', which is not absolute",
                    "write an absolute path; its last part may be a glob such as *.pem");
        }
        if (Files.exists(path)) {
            return List.of(path);
        }
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> matching = Files.newDirectoryStream(path.getParent(), path.getFileName().toString())) {
            matching.forEach(found::add);
        } catch (IOException | DirectoryIteratorException | PatternSyntaxException e) {
            throw new UnusableException("names " + pattern + ", where nothing can be read: " + e, "put a signer's certificate there");
        }
        if (found.isEmpty()) {
            throw new UnusableException("names " + pattern + ", and there is no such file", "put a signer's certificate there");
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    /** Whoever may write the file or exchange it in its folder decides who is trusted. */
    private static void guarded(Path file) throws UnusableException {
        for (Path path : List.of(file, file.getParent())) {
            try {
                int mode = (Integer) Files.getAttribute(path, "unix:mode");
                int owner = (Integer) Files.getAttribute(path, "unix:uid");
                if ((mode & WRITABLE_BY_OTHERS) != 0) {
                    throw new UnusableException("names " + file + ", but others may write " + path, "chmod go-w " + path);
                }
                if (owner != 0 && owner != (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid")) {
                    throw new UnusableException("names " + file + ", but " + path + " belongs to user " + owner, "chown root " + path);
                }
            } catch (IOException e) {
                throw new UnusableException("names " + file + ", which cannot be looked at: " + e, "give a readable file");
            }
        }
    }

    /**
     * The certificates of one file.
     *
     * @throws UnusableException if there is none, or one that can be no signer's
     */
    public static List<Anchor> read(Path file) throws UnusableException {
        List<Anchor> anchors = new ArrayList<>();
        for (Certificate certificate : parse(file)) {
            X509Certificate x509 = (X509Certificate) certificate;
            var problem = Anchor.problem(x509);
            if (problem.isPresent()) {
                throw new UnusableException("names " + file + ", whose certificate " + x509.getSubjectX500Principal().getName()
                        + " " + problem.get(), "make one with garrison sign --new-key");
            }
            anchors.add(new Anchor(file, x509));
        }
        return anchors;
    }

    private static Collection<? extends Certificate> parse(Path file) throws UnusableException {
        try (var in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(LARGEST);
            var certificates = CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes));
            if (certificates.isEmpty()) {
                throw new UnusableException("names " + file + ", which holds no certificate", "give PEM or DER of X.509");
            }
            return certificates;
        } catch (NoSuchFileException e) {
            throw new UnusableException("names " + file + ", and there is no such file", "put a signer's certificate there");
        } catch (IOException e) {
            throw new UnusableException("names " + file + ", which cannot be read: " + e.getMessage(), "give a readable file");
        } catch (CertificateException e) {
            throw new UnusableException("names " + file + ", which is no certificate: " + e.getMessage(), "give PEM or DER of X.509");
        }
    }
}
