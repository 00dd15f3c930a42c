package huaweikms

import (
	"context"
	"fmt"
	"net/http"
)

// project returns the id of the project of a region: the one that comes with the
// credentials, or the one that has the name of the region.
func (k *Keeper) project(ctx context.Context, u *use) (string, error) {
	if u.by.project != "" {
		return u.by.project, nil
	}
	k.mu.Lock()
	known := k.projects[u.region]
	k.mu.Unlock()
	if known != "" {
		return known, nil
	}
	id, err := k.findProject(ctx, u)
	if err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.projects[u.region] = id
	return id, nil
}

// findProject asks IAM.
func (k *Keeper) findProject(ctx context.Context, u *use) (string, error) {
	iam, err := k.iam(u.by, u.region)
	if err != nil {
		return "", u.wrap(BadSettings, err)
	}
	got, err := k.signed(ctx, u.by, signing{method: http.MethodGet, url: iam + "/v3/projects?name=" + escape(u.region)})
	if err != nil {
		return "", u.broken(fmt.Errorf("looking for the project of %s: %w", u.region, err))
	}
	var out struct {
		Projects []struct {
			ID string `json:"id"`
		} `json:"projects"`
	}
	if err := u.read(got, &out, k.o.Now()); err != nil {
		return "", err
	}
	if len(out.Projects) != 1 || !isProject(out.Projects[0].ID) {
		return "", u.fail(NoProject, fmt.Sprintf("IAM knows %d projects for the region %s", len(out.Projects), u.region))
	}
	return out.Projects[0].ID, nil
}
