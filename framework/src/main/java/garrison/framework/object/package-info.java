// SPDX-License-Identifier: Apache-2.0
/**
 * From bytes to a loaded object, one type a step: {@link garrison.framework.object.BpfSpec} is what the ELF says and needs no
 * kernel, {@link garrison.framework.object.OpenObject} can still be changed, {@link garrison.framework.object.LoadedBpfObject}
 * is verified and has live maps.
 */
package garrison.framework.object;
