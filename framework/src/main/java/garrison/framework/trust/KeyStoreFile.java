// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;

/** A key with its certificate in a PKCS#12 file, under a pass phrase. */
public final class KeyStoreFile {
    private static final String TYPE = "PKCS12";
    private static final String ALIAS = "signer";

    private KeyStoreFile() {}

    /**
     * Reads the one key of a file.
     *
     * @throws GarrisonException if the pass phrase is wrong, or the file holds no key or several
     */
    public static SigningKey read(Path file, char[] passphrase) {
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance(TYPE);
            store.load(in, passphrase);
            List<String> keys = Collections.list(store.aliases()).stream().filter(alias -> isKey(store, alias)).toList();
            if (keys.size() != 1) {
                throw new GarrisonException(file + ": holds " + keys.size() + " keys; give a file with one");
            }
            PrivateKey key = (PrivateKey) store.getKey(keys.getFirst(), passphrase);
            return SigningKey.of(key, new Anchor(file, (X509Certificate) store.getCertificate(keys.getFirst())));
        } catch (IOException e) {
            // What a wrong pass phrase comes to, too.
            throw new GarrisonException(file + ": cannot be opened: " + e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw new GarrisonException(file + ": is no PKCS#12 file with a key in it: " + e.getMessage(), e);
        }
    }

    private static boolean isKey(KeyStore store, String alias) {
        try {
            return store.isKeyEntry(alias);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a store that was loaded can be asked", e);
        }
    }

    /**
     * Writes a key, readable by its owner only, never over a file that is there.
     *
     * @throws GarrisonException if it cannot be written
     */
    public static void write(SigningKey key, Path file, char[] passphrase) {
        try (OutputStream out = Channels.newOutputStream(Files.newByteChannel(file,
                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))))) {
            KeyStore store = KeyStore.getInstance(TYPE);
            store.load(null, null);
            store.setKeyEntry(ALIAS, key.key(), passphrase, new Certificate[] {key.certificate().certificate()});
            store.store(out, passphrase);
        } catch (FileAlreadyExistsException e) {
            throw new GarrisonException(file + " is there already, and keys are never written over; choose another name", e);
        } catch (IOException | GeneralSecurityException e) {
            throw new GarrisonException(file + " cannot be written: " + e, e);
        }
    }
}
