package cli

import (
	"os"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/audit"
)

// auditConfig is where SOPS looks as well. It belongs to the administrator.
const auditConfig = "/etc/sops/audit.yaml"

// trail returns where the use of files is recorded in this run. The variable adds
// to what the machine demands, and takes nothing away.
func trail(a *app.App) *audit.Trail {
	t := &audit.Trail{Configs: []string{auditConfig}, Host: a.HostName, PID: os.Getpid(), Now: a.Now}
	if path := a.Env.Get("SOPS_AUDIT_CONFIG"); path != "" {
		t.Demanded = a.Abs(path)
	}
	return t
}
