// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import garrison.framework.kernel.KernelKeyrings;
import garrison.framework.kernel.RunningKernel;
import garrison.framework.light.LightSkeleton;
import garrison.framework.light.SignedSkeleton;
import garrison.framework.object.OpenObject;
import garrison.framework.trust.SigningKey;
import garrison.itests.Guest;
import garrison.spi.Keyrings;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** The same of programs that a signed program loads: libbpf knows none of them, and attaches none. */
class SignedProgramTypesTest extends ProgramTypesTest {
    @Override
    void prepare(OpenObject open) {
        Assumptions.assumeTrue(Guest.kernel().compareTo(RunningKernel.SIGNATURES_SINCE) >= 0,
                "the kernel checks programs' signatures from 6.18 on");
        SigningKey key = SigningKey.create("types", Duration.ofDays(1));
        LightSkeleton skeleton = LightSkeleton.of(Objects.spec("test_types"), Objects.read("test_types"));
        Keyrings.Keyring keyring = new KernelKeyrings(Objects.OWNER).create(List.of(key.certificate().certificate()));
        open.signed(new SignedSkeleton(skeleton, key.sign(skeleton.code()), keyring.serial()));
    }
}
