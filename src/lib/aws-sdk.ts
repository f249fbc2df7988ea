/**
 * Call before creating an AWS client. Otherwise the SDK prints that its later versions will need a newer Node. The versions
 * that this package uses support every Node in package.json.
 */
export function silenceNodeWarning(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}
