// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.object.BpfSpec;
import garrison.framework.object.TestObjects;
import garrison.spi.ObjectFormatException;
import garrison.spi.ProgramInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is signed. That the kernel takes it, and makes the same of it as libbpf does, is tried in the lab's guests. */
class LightSkeletonTest {
    private static LightSkeleton skeleton(byte[] object) {
        return LightSkeleton.of(BpfSpec.parse("x.bpf.o", object), object);
    }

    @Test
    void skeleton_isTheSameEachTime() {
        LightSkeleton one = skeleton(TestObjects.many());
        LightSkeleton other = skeleton(TestObjects.many());
        assertArrayEquals(one.code(), other.code());
        assertArrayEquals(one.data(), other.data());
    }

    /** The digest of the data is in the code: who changes one instruction of a program has to have it signed anew. */
    @Test
    void code_changesWithEachInstructionOfTheObject() {
        byte[] object = TestObjects.object();
        BpfSpec spec = BpfSpec.parse("x.bpf.o", object);
        LightSkeleton skeleton = LightSkeleton.of(spec, object);
        assertEquals(spec.programs().stream().map(ProgramInfo::name).toList(), skeleton.programs());
        byte[] changed = object.clone();
        // The last instruction of some program, in the file as in the data.
        byte[] exit = {(byte) 0x95, 0, 0, 0, 0, 0, 0, 0};
        int at = indexOf(changed, exit);
        changed[at - 8 + 4] ^= 1;
        byte[] code = LightSkeleton.of(BpfSpec.parse("x.bpf.o", changed), changed).code();
        assertEquals(skeleton.code().length, code.length);
        assertTrue(!java.util.Arrays.equals(skeleton.code(), code));
    }

    private static int indexOf(byte[] bytes, byte[] part) {
        for (int at = 0; at + part.length <= bytes.length; at += 8) {
            if (java.util.Arrays.equals(bytes, at, at + part.length, part, 0, part.length)) {
                return at;
            }
        }
        throw new AssertionError("no such instruction");
    }

    @Test
    void maps_areNamedAsLibbpfNamesThem() {
        List<String> maps = skeleton(TestObjects.object()).maps();
        assertTrue(maps.contains(".rodata"), maps::toString);
        assertEquals(maps.stream().distinct().toList(), maps);
    }

    @Test
    void variableOfTheKernel_isRefusedWithARemedy() {
        ObjectFormatException refused = assertThrows(ObjectFormatException.class, () -> skeleton(TestObjects.needs()));
        assertTrue(refused.getMessage().contains("init_task is a variable of the kernel"), refused.getMessage());
        assertTrue(refused.getMessage().contains("sign the object without one"), refused.getMessage());
    }

    @Test
    void programOfAnotherKind_isRefusedByName() {
        byte[] object = TestObjects.replace(TestObjects.many(), "lsm/inode_mknod", "xdp/inode_mknod");
        ObjectFormatException refused = assertThrows(ObjectFormatException.class, () -> skeleton(object));
        assertTrue(refused.getMessage().contains("(xdp/inode_mknod): a light skeleton has programs of the kinds lsm"), refused.getMessage());
    }
}
