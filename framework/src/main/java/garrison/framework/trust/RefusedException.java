// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

/** A reason on its way to where plugin and object are known. */
final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RefusedException(String reason) {
        super(reason);
    }
}
