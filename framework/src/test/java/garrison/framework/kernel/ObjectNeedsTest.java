// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.object.BpfSpec;
import garrison.framework.object.TestObjects;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ObjectNeedsTest {
    private final BpfSpec spec = BpfSpec.parse("test_needs.bpf.o", TestObjects.needs());
    private final List<KernelNeed> needs = ObjectNeeds.of(spec);

    private static KernelNeed find(List<KernelNeed> needs, Namespace namespace, String name) {
        return needs.stream().filter(n -> n.namespace() == namespace && n.name().equals(name)).findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not in " + needs));
    }

    @Test
    void of_programWithoutMark_needsItsHook() {
        KernelNeed hook = find(needs, Namespace.HOOK, "inode_mkdir");
        assertFalse(hook.optional() || hook.sleepable());
        assertEquals(Set.of("refuse_mkdir"), hook.users());
        assertEquals(Set.of("test_needs.bpf.o"), hook.objects());
    }

    @Test
    void of_programWithQuestionMark_wantsItsHook() {
        assertTrue(find(needs, Namespace.HOOK, "garrison_no_such_hook").optional());
        assertTrue(find(needs, Namespace.HOOK, "inode_unlink").sleepable());
        assertTrue(find(needs, Namespace.FUNCTION, "security_inode_rmdir").optional());
        assertTrue(find(needs, Namespace.PROGRAM, "tracing").optional());
        assertFalse(find(needs, Namespace.PROGRAM, "lsm").optional(), "one of its LSM programs has no question mark");
    }

    @Test
    void of_externs_areNeededUnlessWeak_whoeverCallsThem() {
        spec.externs().stream().filter(e -> e.function())
                .forEach(e -> assertEquals(e.weak(), find(needs, Namespace.KFUNC, e.name()).optional(), e.toString()));
        assertEquals(Set.of("count_unlink"), find(needs, Namespace.KFUNC, "bpf_key_put").users());
    }

    @Test
    void of_maps_needTheirTypes() {
        assertFalse(find(needs, Namespace.MAP, "array").optional());
    }

    @Test
    void ofVariants_whatOneDoesWithout_isOptional() {
        BpfSpec simple = BpfSpec.parse("test_many.bpf.o", TestObjects.many());
        List<KernelNeed> both = ObjectNeeds.ofVariants(List.of(spec, simple));
        assertTrue(find(both, Namespace.HOOK, "inode_mkdir").optional());
        assertTrue(find(both, Namespace.HOOK, "inode_mknod").optional());
        assertTrue(find(both, Namespace.KFUNC, "bpf_key_put").optional());
        assertFalse(find(both, Namespace.PROGRAM, "lsm").optional());
    }
}
