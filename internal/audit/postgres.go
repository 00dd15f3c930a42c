package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// insert is the statement of SOPS 3.13.3, so that its tables serve.
const insert = "INSERT INTO audit_event (action, username, file) VALUES ($1, $2, $3)"

// A postgres is a database with a table audit_event.
type postgres struct {
	db       *sql.DB
	name     string
	password string
}

func (p *postgres) String() string { return p.name }

// parsePostgres reads a connection string. Its errors show nothing of it: it
// holds a password.
func parsePostgres(text string) (*postgres, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("a backend of postgres needs a connection_string")
	}
	config, err := pq.NewConfig(text)
	if err != nil {
		return nil, errors.New("the connection_string is not one of PostgreSQL, or a variable of the environment (PG...) is not understood")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = patience // the driver looks at no context while a server is silent
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, errors.New("the connection_string names what cannot be used")
	}
	p := &postgres{
		db: sql.OpenDB(connector), password: config.Password,
		name: fmt.Sprintf("postgres at %s:%d", config.Host, config.Port),
	}
	p.db.SetMaxOpenConns(1)
	return p, nil
}

func (p *postgres) open(ctx context.Context) error { return p.clean(p.db.PingContext(ctx)) }

func (p *postgres) write(ctx context.Context, e Event) error {
	_, err := p.db.ExecContext(ctx, insert, e.Action, e.User, e.File)
	return p.clean(err)
}

// clean keeps the password out of an error, whatever the server says.
func (p *postgres) clean(err error) error {
	if err == nil || p.password == "" {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), p.password, "***"))
}

func (p *postgres) close() { _ = p.db.Close() }
