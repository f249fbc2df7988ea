/** `copyImageSet` → `copy-image-set`: the workflowId of a flow's Arazzo document, and the beginning of its runs' ids. */
export function documentName(workflow: string): string {
  return workflow.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
