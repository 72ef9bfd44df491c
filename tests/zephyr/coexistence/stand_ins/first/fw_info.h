/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * For bootloaders with an S1 slot, which native_sim has not: the SDK's header is for 32 bits only.
 */
