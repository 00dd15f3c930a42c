package sso

import (
	"net/http"
	"slices"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms/internal/endpoint"
	"github.com/seed-1f7fdfb8/sops/devkms/internal/sts"
)

// bearerHeader has the access token of those who are logged in.
const bearerHeader = "X-Amz-Sso_bearer_token"

func isPortal(operation string) bool {
	return slices.Contains([]string{"GetRoleCredentials", "ListAccounts", "ListAccountRoles", "Logout"}, operation)
}

// portal answers those who are logged in.
func (s *Service) portal(c *endpoint.Call) endpoint.Answer {
	var t token
	if !s.Tokens.Open(accessKind, c.Header.Get(bearerHeader), &t) || !c.Now.Before(t.Expires) || s.isSpent(accessKind+t.ID) {
		return refuse(http.StatusUnauthorized, "UnauthorizedException", "Session token not found or invalid")
	}
	c.Principal = s.User
	q := c.URL.Query()
	switch c.Operation {
	case "ListAccounts":
		return endpoint.JSON(http.StatusOK, map[string]any{"accountList": s.accounts()})
	case "ListAccountRoles":
		return endpoint.JSON(http.StatusOK, map[string]any{"roleList": s.roles(q.Get("account_id"))})
	case "Logout":
		s.spend(accessKind + t.ID)
		s.spend(refreshKind + t.ID)
		return endpoint.Answer{Status: http.StatusOK}
	}
	return s.roleCredentials(c, q.Get("account_id"), q.Get("role_name"))
}

func (s *Service) roleCredentials(c *endpoint.Call, account, set string) endpoint.Answer {
	if account == "" || set == "" {
		return refuse(http.StatusBadRequest, "InvalidRequestException", "account_id and role_name are required")
	}
	a, ok := s.assigned(account, set)
	if !ok {
		return refuse(http.StatusForbidden, "ForbiddenException", "No access")
	}
	c.Role = a.Role
	got, problem := s.Assign(c.Now, sts.Assignment{Owner: a.Role, Name: s.User, Life: a.Life})
	if problem != nil {
		return refuse(http.StatusForbidden, "ForbiddenException", problem.Message)
	}
	c.Principal, c.Account = got.ARN, got.Account
	return endpoint.JSON(http.StatusOK, map[string]any{"roleCredentials": map[string]any{
		"accessKeyId": got.AccessKey, "secretAccessKey": got.Secret, "sessionToken": got.Token,
		"expiration": got.Expires.Truncate(time.Second).UnixMilli(),
	}})
}

func (s *Service) accounts() []map[string]string {
	out := []map[string]string{}
	var seen []string
	for _, a := range s.Assigned {
		if !slices.Contains(seen, a.Account) {
			seen = append(seen, a.Account)
			out = append(out, map[string]string{"accountId": a.Account, "accountName": a.Account, "emailAddress": "aws@example.com"})
		}
	}
	return out
}

func (s *Service) roles(account string) []map[string]string {
	out := []map[string]string{}
	for _, a := range s.Assigned {
		if a.Account == account {
			out = append(out, map[string]string{"accountId": a.Account, "roleName": a.Name})
		}
	}
	return out
}

func refuse(status int, code, message string) endpoint.Answer {
	a := endpoint.Refuse(status, code, message, map[string]string{"message": message})
	a.Header.Set("X-Amzn-ErrorType", code)
	return a
}
