/** True unless the input sets the broker's share of each sale and the caller does not manage the broker. */
export function mayWriteBrokerFee(relation: string, input: { broker_fee_percent?: number | undefined }): boolean {
  return input.broker_fee_percent === undefined || relation === 'broker';
}
