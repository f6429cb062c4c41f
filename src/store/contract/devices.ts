import type { Poll } from '../polling.ts';
import type { DeviceAuthorization, ProofUse } from '../records.ts';
import type { Approval, NewFamily } from './grants.ts';

export interface DeviceStore {
  /** @returns false when somebody else's user code is the same */
  startDevice(
    device: Pick<
      DeviceAuthorization,
      | 'deviceCodeHash'
      | 'userCodeHash'
      | 'clientId'
      | 'scope'
      | 'authorizationDetails'
      | 'interval'
      | 'expiresAt'
    >,
  ): Promise<boolean>;
  /**
   * Turns what a device waits for into a request that this browser may decide. The first browser that brings the user code
   * gets it; it may come again until the decision.
   * @param userCode as it is to be shown beside the request
   * @returns the request's id; null when no device waits under this code for this browser
   */
  claimDevice(
    userCodeHash: string,
    claim: { readonly requestId: string; readonly browserHash: string; readonly userCode: string },
  ): Promise<string | null>;
  /** What a device has been allowed; null as long as it has not. */
  findApproval(deviceCodeHash: string): Promise<Approval | null>;
  /**
   * Answers a device that asks whether it has been allowed, and begins its family once it has.
   * @param family what to begin, its scope is what the user allowed; null when nothing may begin, as the device is not
   * known to be allowed, or asks for what it was not allowed
   */
  pollDevice(
    asking: { readonly deviceCodeHash: string; readonly clientId: string; readonly proof: ProofUse | null },
    family: Omit<NewFamily, 'scope'> | null,
  ): Promise<Poll>;
}
