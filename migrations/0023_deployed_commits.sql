-- depends: 0022_setting_previews
-- Where a deployment ends is found by its commit, without reading all merge requests of its project.

create index merge_requests_by_merge_commit on merge_requests (org_id, connection_id, merge_commit_sha)
    where merge_commit_sha is not null;
create index merge_requests_by_squash_commit on merge_requests (org_id, connection_id, squash_commit_sha)
    where squash_commit_sha is not null;
create index merge_requests_by_head on merge_requests (org_id, connection_id, head_sha)
    where head_sha is not null;
