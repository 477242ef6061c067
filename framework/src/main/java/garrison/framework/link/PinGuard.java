// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import garrison.framework.kernel.RunningKernel;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.framework.light.OwnObjects;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.Owner;
import garrison.framework.object.SyscallRun;
import garrison.spi.Answer;
import garrison.spi.GarrisonException;
import garrison.spi.KernelException;
import garrison.spi.ProgramInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The programs of {@code pins.bpf.c} over one instance's folder: they refuse to everybody but the owner to take away what is
 * pinned there. They are pinned there themselves, so that they outlive the owner; the next process that has the folder's lock
 * claims them. What it takes to be complete is the pin of the program that claims, which comes last.
 *
 * <p>Minimum kernel 5.14, with {@code bpf} among the active security modules.
 */
final class PinGuard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PinGuard.class);
    private static final String FOLDER = PinFolder.OWN + "guard-";
    private static final String CLAIM = "pins_claim";
    private static final String RELEASE = "pins_release";
    private static final String STATE = "pins_state";

    private final Libbpf libbpf;
    private final Owner owner;
    private final PinnedRun pins;

    private PinGuard(Libbpf libbpf, Owner owner, PinnedRun pins) {
        this.libbpf = libbpf;
        this.owner = owner;
        this.pins = pins;
    }

    /**
     * Takes over the guard that an earlier process left, or makes one, or, in the place of another version's, both.
     *
     * @param folder what to guard
     * @param lock a descriptor of it, locked by this process
     * @return null where no LSM program runs, which is logged
     * @throws GarrisonException if the kernel refuses, or another process is the owner and lives
     */
    static PinGuard open(OwnObjects own, Path folder, int lock) {
        Libbpf libbpf = own.libbpf();
        RunningKernel kernel = own.kernel();
        if (kernel.bpfLsm() instanceof Answer.No(String reason, String remedy)) {
            LOG.warn("Pins in {} are not guarded against root: {}; {}", folder, reason, remedy);
            return null;
        }
        OwnObjects.Own programs = own.read("pins.bpf.o");
        Owner owner = programs.owner();
        CRC32 version = new CRC32();
        version.update(programs.bytes());
        String name = FOLDER + Long.toHexString(version.getValue());
        PinGuard present = null;
        List<PinGuard> others = new ArrayList<>();
        for (String found : PinFolder.names(folder)) {
            if (found.startsWith(FOLDER)) {
                PinGuard guard = new PinGuard(libbpf, owner, new PinnedRun(libbpf, "garrison", folder.resolve(found)));
                if (!guard.claim(lock) || !found.equals(name)) {
                    others.add(guard);
                } else {
                    present = guard;
                }
            }
        }
        if (present == null) {
            others.stream().filter(o -> o.pins.folder().endsWith(name)).forEach(PinGuard::close);
            others.removeIf(o -> o.pins.folder().endsWith(name));
            present = load(libbpf, kernel, programs, folder.resolve(name), lock);
        }
        others.forEach(PinGuard::close);
        return present;
    }

    private static PinGuard load(Libbpf libbpf, RunningKernel kernel, OwnObjects.Own programs, Path folder, int lock) {
        Owner owner = programs.owner();
        LoadedBpfObject object = programs.load(open -> programs.spec().programs().stream().filter(p -> p.kind().equals("lsm"))
                .forEach(p -> open.load(p.name(), kernel.lsmHook(p.target()).isPresent())));
        PinGuard guard;
        try {
            guard = new PinGuard(libbpf, owner, PinFolder.makeRun(libbpf, owner.plugin(), folder));
        } catch (RuntimeException | Error e) {
            object.close();
            throw e;
        }
        PinnedRun pins = guard.pins;
        // Once pinned they need no descriptor of ours.
        try (object) {
            int frozen = libbpf.mapFreeze(object.mapFd(STATE));
            if (frozen < 0) {
                throw new KernelException("plugin " + owner.plugin() + ": cannot freeze map " + STATE + " on kernel " + owner.kernelRelease()
                        + ": " + Libc.strerror(-frozen), -frozen);
            }
            pins.pinMap(STATE, object.mapFd(STATE));
            for (ProgramInfo program : object.programs()) {
                if (!program.kind().equals("syscall")) {
                    object.attach(program).leave(pins);
                }
            }
            pins.pinProgram(RELEASE, object.programFd(RELEASE));
            pins.pinProgram(CLAIM, object.programFd(CLAIM));
            guard.claim(lock);
            return guard;
        } catch (RuntimeException | Error e) {
            guard.close();
            throw e;
        }
    }

    /** Makes this process the owner; false if there is nothing to be owned: it never was complete. */
    private boolean claim(int lock) {
        byte[] context = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(lock).array();
        OptionalInt result = run(CLAIM, context);
        if (result.isPresent() && result.getAsInt() != 0) {
            throw new GarrisonException("the pins in " + pins.folder().getParent() + (result.getAsInt() == 1
                    ? " are guarded for another process, which lives: end it, or give this one a name of its own with garrison.instance"
                    : " are guarded as those of a folder that was there before: give this process a name of its own with"
                            + " garrison.instance"));
        }
        return result.isPresent();
    }

    /** What a pinned program returns; empty if there is none. */
    private OptionalInt run(String program, byte[] context) {
        OptionalInt fd = pins.openProgram(program);
        if (fd.isEmpty()) {
            return fd;
        }
        try {
            return OptionalInt.of(SyscallRun.run(libbpf, owner, fd.getAsInt(), program, context));
        } finally {
            Libc.close(fd.getAsInt());
        }
    }

    /** Guards nothing any more, at once, and takes it all away. */
    @Override
    public void close() {
        run(RELEASE, new byte[0]);
        pins.remove();
    }
}
