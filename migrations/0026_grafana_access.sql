-- depends: 0025_retention
-- Grafana shows every organisation of an installation. The api lets people in by itself only where there is one, and may know
-- no more than that.

create function is_only_organisation() returns boolean
    language sql stable security definer set search_path = public
    begin atomic
        select count(*) = 1 from (select org_id from organisations limit 2) two;
    end;

revoke all on function is_only_organisation() from public;
grant execute on function is_only_organisation() to ovia_api;
