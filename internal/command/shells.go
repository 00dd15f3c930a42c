package command

// A Script is what a shell loads to complete words.
type Script struct{ Shell, Text string }

// CompletionScripts are the scripts for the program sops, one a shell.
func CompletionScripts() []Script {
	return []Script{{"bash", bashCompletion}, {"zsh", zshCompletion}, {"fish", fishCompletion}, {"powershell", powershellCompletion}}
}

// In bash words arrive as they were typed, with their quotes, and go back so. What
// a file may hold is quoted: nothing of it is run.
const bashCompletion = `#! /bin/bash
# Completion of sops for bash. Load it with: source <(sops completion bash)
_sops_complete() {
	local current=${COMP_WORDS[COMP_CWORD]} quote= words word
	local before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
	case $current in
	[\'\"]*) quote=${current:0:1} current=${current:1} ;;
	esac
	mapfile -t words < <("${COMP_WORDS[0]}" "${before[@]}" "$current" ` + candidatesFlag + ` 2>/dev/null)
	COMPREPLY=()
	for word in "${words[@]}"; do
		[[ $word == "$current"* ]] || continue
		case $quote$word in
		*[!A-Za-z0-9._-]*)
			case $quote in
			'') word="'${word//\'/\'\\\'\'}'" ;;
			\') word=${word//\'/\'\\\'\'} ;;
			\") word=${word//\\/\\\\} word=${word//\"/\\\"} word=${word//\$/\\\$} word=${word//\` + "`" + `/\\\` + "`" + `} ;;
			esac
			;;
		esac
		COMPREPLY+=("$word")
	done
}
complete -o bashdefault -o default -F _sops_complete sops
`

const zshCompletion = `#compdef sops
# Completion of sops for zsh. Load it with: source <(sops completion zsh)
_sops() {
	local -a found
	found=("${(@f)$("${words[1]}" "${(@Q)words[2,CURRENT]}" '` + describedFlag + `' 2>/dev/null)}")
	if [[ -n "${found[1]}" ]]; then
		_describe 'sops' found
	else
		_files
	fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
compdef _sops sops
`

const fishCompletion = `# Completion of sops for fish.
function __sops_candidates
	set -l before (commandline -opc)
	set -l current (commandline -ct)
	$before[1] $before[2..-1] "$current" ` + describedFlag + ` 2>/dev/null | string replace -r '(?<!\\\\):' \t | string replace -a '\\:' ':'
end
complete -c sops -e
complete -c sops -a '(__sops_candidates)'
`

const powershellCompletion = `# Completion of sops for PowerShell. Load it with:
# sops completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName sops -ScriptBlock {
	param($current, $line, $cursor)
	$words = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.Extent.Text })
	$before = @($words | Select-Object -Skip 1)
	$typed = "$current".TrimStart("'", '"')
	$last = if ($typed) { $typed } else { '""' }
	& $words[0] @before $last '` + describedFlag + `' 2>$null | ForEach-Object {
		$word, $meaning = $_ -split '(?<!\\):', 2
		$word = $word.Replace('\:', ':')
		if ($word.StartsWith($typed)) {
			$text = if ($word -match '[^A-Za-z0-9._-]') { "'" + $word.Replace("'", "''") + "'" } else { $word }
			[System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $(if ($meaning) { $meaning } else { $word }))
		}
	}
}
`
