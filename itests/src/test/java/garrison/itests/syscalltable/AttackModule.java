// SPDX-License-Identifier: Apache-2.0
package garrison.itests.syscalltable;

import garrison.itests.Command;
import garrison.itests.Guest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** itests/modules/garrison_attack.c in the running kernel, from its load to its removal. */
final class AttackModule implements AutoCloseable {
    static final String NAME = "garrison_attack";
    static final String BENIGN = "garrison_benign";
    private static final Path ACT = Path.of("/sys/module/" + NAME + "/parameters/act");

    private AttackModule() {}

    /** Loads it. */
    static AttackModule load() {
        insert(NAME);
        return new AttackModule();
    }

    /** A module's file, as the lab built it for this kernel. */
    static Path file(String name) {
        return Guest.built("modules/" + System.getProperty("garrison.kernel") + "/" + name + ".ko");
    }

    static void insert(String name) {
        Command.run("insmod", file(name).toString()).success();
    }

    static void remove(String name) {
        Command.run("rmmod", name).success();
    }

    /** Does what the module's source says of this word. */
    void act(String what) {
        try {
            Files.writeString(ACT, what);
        } catch (IOException e) {
            throw new UncheckedIOException(what, e);
        }
    }

    /** The function that the system call table names for the attacked call. */
    String entry() {
        try {
            return Files.readString(ACT).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void undo(String what) {
        act(what + "-undo");
    }

    @Override
    public void close() {
        remove(NAME);
    }
}
