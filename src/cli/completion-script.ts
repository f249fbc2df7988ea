/** The shell asks with it; not in the help. */
export const COMPLETE = '--complete-line';

/**
 * For bash, and for zsh by its emulation of bash's completion.
 *
 * It also answers for `npx`, as that is how a package of a project is called; what else follows `npx` is completed with
 * file names, as ever. A colon ends a word for bash: what it has of the word already must not be offered again.
 */
export const COMPLETION_SCRIPT = `# Completion of aws-health-workflows, for bash and zsh. To have it in every shell:
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
