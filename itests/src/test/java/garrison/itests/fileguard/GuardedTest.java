// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** One file-guard for all tests of a class: a start is most of what a test costs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GuardedTest {
    EmbeddedGuard guard;

    @BeforeAll
    void startGuard() {
        guard = EmbeddedGuard.start();
    }

    @AfterAll
    void stopGuard() {
        guard.close();
    }
}
