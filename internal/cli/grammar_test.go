package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/command"
)

// A line is a command line and its meaning: the same in the form that needs no
// further thought, "help" with its topic, "version", or ! and a part of the error.
// A blank in a word is written as ␣.
type line struct{ args, want string }

func TestArgumentsHaveTheMeaningThatScriptsRelyOn(t *testing.T) {
	t.Parallel()
	checkLines(t, []line{
		// one file
		{`decrypt f`, `decrypt -- f`},
		{`decrypt`, `decrypt --`},
		{`decrypt -`, `decrypt -- -`},
		{`decrypt ./f`, `decrypt -- ./f`},
		{`decrypt A B`, `decrypt -- A B`},
		{`decrypt -- f`, `decrypt -- f`},
		{`decrypt -- -i f`, `decrypt -- -i f`},
		{`decrypt -- --`, `decrypt -- --`},
		{`decrypt f -- -i`, `decrypt -- f -i`},
		{`edit g`, `edit -- g`},
		{`edit version`, `edit -- version`},
		{`filestatus f`, `filestatus -- f`},
		{`keygen`, `keygen --`},
		{`keygen k.txt --to-recipient`, `keygen --to-recipient=true -- k.txt`},
		{`updatekeys A B C`, `updatekeys -- A B C`},
		{`updatekeys A -y B`, `updatekeys --yes=true -- A B`},
		{`doctor A --json B`, `doctor --json=true -- A B`},
		// where flags may be
		{`decrypt -i f`, `decrypt --in-place=true -- f`},
		{`decrypt f -i`, `decrypt --in-place=true -- f`},
		{`decrypt A -i B`, `decrypt --in-place=true -- A B`},
		{`decrypt --output=o f`, `decrypt --output=o -- f`},
		{`decrypt --output o f`, `decrypt --output=o -- f`},
		{`decrypt f --output o`, `decrypt --output=o -- f`},
		{`decrypt f -output o`, `decrypt --output=o -- f`},
		{`decrypt f -output=o`, `decrypt --output=o -- f`},
		{`decrypt --output -i f`, `decrypt --output=-i -- f`},
		{`decrypt --output -- f`, `decrypt --output=-- -- f`},
		{`decrypt --output= f`, `decrypt --output= -- f`},
		{`decrypt --output=a=b f`, `decrypt --output=a=b -- f`},
		{`decrypt --extract ["a"] f`, `decrypt --extract=["a"] -- f`},
		{`decrypt f --extract=`, `decrypt --extract= -- f`},
		{`encrypt --age k1 --age k2 f`, `encrypt --age=k1 --age=k2 -- f`},
		{`encrypt -a k -k m -p g f`, `encrypt --age=k --kms=m --pgp=g -- f`},
		{`encrypt --a k f`, `encrypt --age=k -- f`},
		{`encrypt f -i --age k`, `encrypt --in-place=true --age=k -- f`},
		{`rotate --add-age a --rm-age b f -i`, `rotate --add-age=a --rm-age=b --in-place=true -- f`},
		{`edit -s f`, `edit --show-master-keys=true -- f`},
		// booleans
		{`decrypt -i=false f`, `decrypt --in-place=false -- f`},
		{`decrypt -i=0 f`, `decrypt --in-place=false -- f`},
		{`decrypt -i=T f`, `decrypt --in-place=true -- f`},
		{`decrypt -i false`, `decrypt --in-place=true -- false`},
		{`decrypt --ignore-mac=TRUE f`, `decrypt --ignore-mac=true -- f`},
		{`decrypt --ignore-mac=False f`, `decrypt --ignore-mac=false -- f`},
		{`decrypt --ignore-mac=perhaps f`, `! flag --ignore-mac: "perhaps" is neither true nor false`},
		{`decrypt --ignore-mac= f`, `! flag --ignore-mac: "" is neither true nor false`},
		{`decrypt --ignore-mac=yes f`, `! neither true nor false`},
		{`decrypt --no-ignore-mac f`, `! sops decrypt has no flag --no-ignore-mac`},
		{`decrypt --enable-local-keyservice=f f`, `decrypt --enable-local-keyservice=false -- f`},
		{`decrypt -di f`, `! sops decrypt has no flag --di`},
		// values
		{`decrypt --indent 2 f`, `decrypt --indent=2 -- f`},
		{`decrypt --indent -1 f`, `decrypt --indent=-1 -- f`},
		{`decrypt --indent=0x4 f`, `decrypt --indent=0x4 -- f`},
		{`decrypt --indent two f`, `! flag --indent: "two" is not a number`},
		{`decrypt --indent= f`, `! flag --indent: "" is not a number`},
		{`decrypt --indent 1.5 f`, `! flag --indent: "1.5" is not a number`},
		{`decrypt --timeout 1m30s f`, `decrypt --timeout=1m30s -- f`},
		{`decrypt --timeout 30 f`, `! flag --timeout: "30" is not a duration`},
		{`decrypt --hedge soon f`, `! flag --hedge: "soon" is not a duration`},
		{`devkms serve --port many`, `! flag --port: "many" is not a number`},
		{`encrypt --shamir-secret-sharing-threshold=many f`, `! "many" is not a number`},
		{`set --shamir-secret-sharing-threshold 2 f [0] 1`, `set --shamir-secret-sharing-threshold=2 -- f [0] 1`},
		{`decrypt --keyservice tcp://h:1 f`, `decrypt --keyservice=tcp://h:1 -- f`},
		{`decrypt --aws-profile a --aws-profile 1=b f`, `decrypt --aws-profile=a --aws-profile=1=b -- f`},
		// mistakes
		{`decrypt --nope`, `! sops decrypt has no flag --nope`},
		{`decrypt f --nope`, `! sops decrypt has no flag --nope`},
		{`decrypt f -nope`, `! sops decrypt has no flag --nope`},
		{`decrypt f --nope=1`, `! sops decrypt has no flag --nope`},
		{`decrypt --- f`, `! has no flag ---`},
		{`decrypt --=x f`, `! has no flag --`},
		{`decrypt --output`, `! flag --output needs a value`},
		{`decrypt f --output`, `! flag --output needs a value`},
		{`decrypt --onto x f`, `! sops decrypt has no flag --onto`},
		{`decrypt --disable-version-check f`, `! sops decrypt has no flag --disable-version-check`},
		{`decrypt --Output o f`, `! sops decrypt has no flag --Output`},
		{`filestatus -i f`, `! sops filestatus has no flag --i`},
		{`decrypt --version`, `! sops decrypt has no flag --version`},
		{`groups nonsense`, `! sops groups has no command "nonsense"`},
		{`completion csh`, `! sops completion has no command "csh"`},
		{`groups --verbose add -f x`, `! sops groups has no flag --verbose`},
		// flags before the command
		{`--config c decrypt f`, `decrypt --config=c -- f`},
		{`--config c decrypt --config d f`, `decrypt --config=c --config=d -- f`},
		{`--config c -i decrypt f`, `decrypt --config=c --in-place=true -- f`},
		{`--extract ["a"] decrypt f`, `decrypt --extract=["a"] -- f`},
		{`--disable-version-check decrypt f`, `decrypt -- f`},
		{`--check-for-updates=false encrypt f`, `encrypt -- f`},
		{`--verbose groups add -f x`, `groups add --verbose=true --file=x --`},
		{`--indent=2 set f [0] 1`, `set --indent=2 -- f [0] 1`},
		{`--age k decrypt f`, `! flag --age is before the command decrypt, which does not have it`},
		{`-d decrypt f`, `! flag --decrypt is before the command decrypt`},
		{`-e decrypt f`, `! flag --encrypt is before the command decrypt`},
		{`--set x set f`, `! flag --set is before the command set`},
		{`--nope decrypt f`, `! sops has no flag --nope`},
		{`--file x decrypt f`, `! sops has no flag --file`},
		{`-i=perhaps decrypt f`, `! neither true nor false`},
		// values that look like something else
		{`set f [0] -1`, `set -- f [0] -1`},
		{`set f [0] -1.5`, `set -- f [0] -1.5`},
		{`set f [0] -`, `set -- f [0] -`},
		{`set f ["a"] "x" --`, `set -- f ["a"] "x"`},
		{`set f ["a"] -- -x`, `set -- f ["a"] -x`},
		{`set f ["a"] -x`, `! sops set has no flag --x`},
		{`set f ["a"] 5 --idempotent -i`, `set --idempotent=true --in-place=true -- f ["a"] 5`},
		{`set --value-stdin f ["a"]`, `set --value-stdin=true -- f ["a"]`},
		{`unset --idempotent f ["a"]`, `unset --idempotent=true -- f ["a"]`},
		// commands below commands
		{`groups add -f x --age a`, `groups add --file=x --age=a --`},
		{`groups add -f x --age a --age b`, `groups add --file=x --age=a --age=b --`},
		{`groups delete -f x 1`, `groups delete --file=x -- 1`},
		{`groups delete --unverified -i -f x 1`, `groups delete --unverified=true --in-place=true --file=x -- 1`},
		{`groups -- add -f x`, `groups add --file=x --`},
		{`config check f`, `config check -- f`},
		{`kms policy --only key f`, `kms policy --only=key -- f`},
		{`completion bash`, `completion bash --`},
		// programs
		{`exec-env f cmd`, `exec-env -- f cmd`},
		{`exec-env f 'x␣y'`, `exec-env -- f 'x␣y'`},
		{`exec-env --pristine f cmd`, `exec-env --pristine=true -- f cmd`},
		{`exec-env f --pristine cmd`, `exec-env --pristine=true -- f cmd`},
		{`exec-env f -- cmd`, `exec-env -- f -- cmd`},
		{`exec-env f g -- ls -l`, `exec-env -- f g -- ls -l`},
		{`exec-env -- -f -- ls -l`, `exec-env -- -f -- ls -l`},
		{`exec-env -- -- f`, `exec-env -- -- f`},
		{`exec-env f -- ls -- -l`, `exec-env -- f -- ls -- -l`},
		{`exec-env -- f cmd`, `exec-env -- f cmd`},
		{`exec-env f cmd --`, `exec-env -- f cmd`},
		{`exec-env f ls -l`, `! sops exec-env has no flag --l`},
		{`exec-env --ignore-mac f cmd`, `! sops exec-env has no flag --ignore-mac`},
		{`exec-file --no-fifo f -- cat {}`, `exec-file --no-fifo=true -- f -- cat {}`},
		{`devkms exec --dir d -- sops -d f`, `devkms exec --dir=d -- sops -d f`},
		// help and version
		{`--help`, `help`},
		{`-h`, `help`},
		{`-help`, `help`},
		{`help`, `help`},
		{`h`, `help`},
		{`help help`, `help help`},
		{`h set`, `help set`},
		{`help groups add`, `help groups add`},
		{`help nonsense`, `help nonsense`},
		{`decrypt f -h`, `help decrypt`},
		{`decrypt --help f`, `help decrypt`},
		{`decrypt --help --output`, `! flag --output needs a value`},
		{`groups add --help`, `help groups add`},
		{`groups`, `help groups`},
		{`groups --help add`, `help groups`},
		{`--verbose --help decrypt`, `help decrypt`},
		{`--help decrypt f`, `help decrypt`},
		{`--help nonsense`, `help`},
		{`-d --help f`, `help`},
		{`--help=false -d f`, `decrypt -- f`},
		{`decrypt --help=false --ignore-mac f`, `decrypt --ignore-mac=true -- f`},
		{`decrypt -- --help`, `decrypt -- --help`},
		{`exec-env f -- ls --help`, `exec-env -- f -- ls --help`},
		{`--version`, `version`},
		{`-v`, `version`},
		{`-version`, `version`},
		{`--version=true`, `version`},
		{`-v --disable-version-check`, `version`},
		{`--version decrypt f`, `version`},
		{`--version f`, `version`},
		{`--help --version`, `help`},
		{`-v=false f`, `edit -- f`},
	})
}

func checkLines(t *testing.T, lines []line) {
	t.Helper()
	for _, l := range lines {
		got := plain(words(l.args))
		if fragment, mistake := strings.CutPrefix(l.want, "! "); mistake {
			if !strings.HasPrefix(got, "!") || !strings.Contains(got, fragment) {
				t.Errorf("sops %s\n got: %s\nwant: %s", l.args, got, l.want)
			}
		} else if got != l.want {
			t.Errorf("sops %s\n got: %s\nwant: %s", l.args, got, l.want)
		}
	}
}

func words(args string) []string {
	all := strings.Fields(args)
	for i := range all {
		all[i] = strings.ReplaceAll(all[i], "␣", " ")
	}
	return all
}

// plain shows what the program makes of args.
func plain(args []string) string {
	// The files f and A are there.
	exists := func(name string) bool { return name == "f" || name == "A" }
	c, err := parse(testRoot(), args, world{func(string) {}, exists})
	if err == nil && !c.Help && !c.Version {
		err = c.Apply()
	}
	switch {
	case err != nil:
		return "! " + err.Error()
	case c.Version:
		return "version"
	case c.Help:
		return strings.Join(append([]string{"help"}, c.Words...), " ")
	}
	for i, word := range c.Args {
		c.Args[i] = strings.ReplaceAll(word, " ", "␣")
	}
	return strings.Join(plainLine(c), " ")
}

// plainLine returns the arguments that mean the same as c and need no further
// thought.
func plainLine(c *command.Call) []string {
	line := slices.Clone(c.Words)
	for _, s := range c.Settings {
		line = append(line, "--"+s.Flag.Name+"="+s.Value)
	}
	line = append(append(line, "--"), c.Args...)
	if len(c.Args) > 0 && len(c.Rest) > 0 {
		line = append(line, "--")
	}
	return append(line, c.Rest...)
}
