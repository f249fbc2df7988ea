/** The hidden flag by which the completion script asks this program for candidates. */
export const COMPLETE = '--complete-line';

/**
 * Completion for bash, and for zsh, which emulates bash's completion.
 *
 * The script also registers itself for `npx`, because users run a package of their project by `npx`. For other programs behind
 * `npx` it returns no candidates, so that the shell completes file names as before. Bash splits words at colons and replaces
 * only the part after the last colon: for an id such as `nightly-2026-01-02T01:00:00Z` the script returns only that part.
 */
export const COMPLETION_SCRIPT = `# Completion of aws-health-workflows for bash and zsh. To load it in every new shell:
#   npx aws-health-workflows completion >> ~/.bashrc     (or ~/.zshrc)
if [ -n "\${ZSH_VERSION-}" ]; then autoload -U +X compinit bashcompinit && compinit && bashcompinit; fi
_aws_health_workflows() {
  local line="\${COMP_LINE:0:$COMP_POINT}" candidates candidate
  local word="\${line##* }"
  local kept="\${word%"\${word##*:}"}"
  COMPREPLY=()
  case "$line" in
    'npx aws-health-workflows '*) candidates="$(npx --no aws-health-workflows ${COMPLETE} "$line" 2>/dev/null)" ;;
    'npx '*) return ;;
    *) candidates="$(aws-health-workflows ${COMPLETE} "$line" 2>/dev/null)" ;;
  esac
  while IFS= read -r candidate; do
    [[ -n "$candidate" && "$candidate" == "$word"* ]] && COMPREPLY+=("\${candidate#"$kept"}")
  done <<< "$candidates"
}
complete -o default -F _aws_health_workflows aws-health-workflows npx`;
