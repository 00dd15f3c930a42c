package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
)

// version prints whose files we understand, and then what was built. Wrappers
// read the first three numbers of the first line; after them no other line
// begins with "sops".
func version(w io.Writer) error {
	_, err := fmt.Fprintf(w, "sops %s\n%s", envelope.Version, strings.Join(buildLines(debug.ReadBuildInfo()), ""))
	return err
}

// buildLines says what is known of the build.
func buildLines(info *debug.BuildInfo, ok bool) []string {
	build := "unknown"
	if ok {
		build = info.Main.Path
		if v := info.Main.Version; v != "" {
			build += " " + v
		}
	}
	lines := []string{"build: " + build + "\n"}
	if ok {
		lines = append(lines, revision(info.Settings)...)
	}
	return append(lines, fmt.Sprintf("go: %s %s/%s\n", strings.TrimPrefix(runtime.Version(), "go"), runtime.GOOS, runtime.GOARCH))
}

// revision is the commit that was built, if the go command recorded it.
func revision(settings []debug.BuildSetting) []string {
	known := map[string]string{}
	for _, s := range settings {
		known[s.Key] = s.Value
	}
	commit := known["vcs.revision"]
	if commit == "" {
		return nil
	}
	if t := known["vcs.time"]; t != "" {
		commit += " of " + t
	}
	if known["vcs.modified"] == "true" {
		commit += ", changed since"
	}
	return []string{"commit: " + commit + "\n"}
}
