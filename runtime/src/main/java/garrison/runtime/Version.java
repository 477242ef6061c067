// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import java.util.Optional;

/** The program's version. */
public final class Version {
    /** From the jar's manifest; {@code unpackaged} when run from class files. */
    public static final String TEXT = Optional.ofNullable(Version.class.getPackage().getImplementationVersion()).orElse("unpackaged");

    private Version() {}
}
