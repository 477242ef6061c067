// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** What is known about one feature of the running kernel. Only {@link Yes} and {@link No} are final; an inconclusive look is repeated. */
public sealed interface Answer {
    /** The kernel has the feature. */
    record Yes() implements Answer {}

    /**
     * The kernel lacks the feature.
     *
     * @param reason how that was seen
     * @param remedy where it is to be had: a minimum kernel, a boot parameter; empty when unknown
     */
    record No(String reason, String remedy) implements Answer {}

    /**
     * It could not be found out.
     *
     * @param reason why not, for example a missing permission
     */
    record Inconclusive(String reason) implements Answer {}

    /** True only for {@link Yes}. */
    default boolean yes() {
        return this instanceof Yes;
    }
}
