// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.trust.KeyStoreFile;
import garrison.framework.trust.SigningKey;
import garrison.spi.GarrisonException;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;

/** Which key signs: PEM files, or a PKCS#12 file with a pass phrase, which never stands on a command line. */
final class KeyOption {
    private static final String KEY = "key";
    private static final String CERTIFICATE = "certificate";
    private static final String KEYSTORE = "keystore";
    private static final String PASSPHRASE = "passphrase-file";

    private KeyOption() {}

    /** Gives a command the options. */
    static Command on(Command command) {
        return passphraseOn(command)
                .option(KEY, "FILE", "The key: PEM, PKCS#8 without a pass phrase.")
                .option(CERTIFICATE, "FILE", "The key's certificate: PEM or DER.")
                .option(KEYSTORE, "FILE", "Key and certificate: PKCS#12. Its pass phrase is asked for, or read from a file.");
    }

    static Command passphraseOn(Command command) {
        return command.option(PASSPHRASE, "FILE", "Its first line is the pass phrase; only its owner may read it.");
    }

    /** The key that a command line names. */
    static SigningKey read(Call call) {
        if (call.has(KEYSTORE) && !call.has(KEY) && !call.has(CERTIFICATE)) {
            Path keystore = call.file(KEYSTORE, "");
            return KeyStoreFile.read(keystore, passphrase(call, keystore));
        }
        if (!call.has(KEYSTORE) && call.has(KEY) && call.has(CERTIFICATE)) {
            return SigningKey.read(call.file(KEY, ""), call.file(CERTIFICATE, ""));
        }
        throw new UsageException("give --key with its --certificate, or --keystore");
    }

    /** The pass phrase of a PKCS#12 file. */
    static char[] passphrase(Call call, Path keystore) {
        return call.has(PASSPHRASE) ? fromFile(call.file(PASSPHRASE, "")) : asked(keystore);
    }

    private static char[] fromFile(Path file) {
        try {
            var open = Files.getPosixFilePermissions(file);
            if (open.contains(PosixFilePermission.GROUP_READ) || open.contains(PosixFilePermission.OTHERS_READ)) {
                throw new GarrisonException(file + ": others may read the pass phrase; chmod 600 " + file);
            }
            return Files.readAllLines(file).stream().findFirst().filter(line -> !line.isEmpty())
                    .orElseThrow(() -> new GarrisonException(file + ": its first line is empty")).toCharArray();
        } catch (IOException e) {
            throw new GarrisonException(file + ": the pass phrase cannot be read: " + e, e);
        }
    }

    private static char[] asked(Path keystore) {
        Console console = System.console();
        char[] typed = console == null || !console.isTerminal() ? null : console.readPassword("Pass phrase of %s: ", keystore);
        if (typed == null || typed.length == 0) {
            throw new GarrisonException(keystore + ": needs a pass phrase, and there is no terminal to ask at, or none was given;"
                    + " put it into a file for --passphrase-file");
        }
        return typed;
    }
}
