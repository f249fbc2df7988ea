/** `copyImageSet` → `copy-image-set`: the `workflowId` in the flow's Arazzo document, and the prefix of its runs' workflow ids. */
export function documentName(workflow: string): string {
  return workflow.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
