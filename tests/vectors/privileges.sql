REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, redwell_gateway, redwell_auth, redwell_signin, redwell_courier, redwell_docs, redwell_sweeper, redwell_verifier, redwell_rotator, redwell_audit, redwell_sequencer
REVOKE ALL ON SCHEMA public FROM PUBLIC
GRANT USAGE ON SCHEMA public TO redwell_gateway, redwell_auth, redwell_signin, redwell_courier, redwell_docs, redwell_sweeper, redwell_verifier, redwell_rotator, redwell_audit, redwell_sequencer
DO $$ DECLARE p record; BEGIN FOR p IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' LOOP EXECUTE format('DROP POLICY %I ON %I', p.policyname, p.tablename); END LOOP; END $$
ALTER TABLE assertion_keys OWNER TO redwell_owner
ALTER TABLE assertion_keys ENABLE ROW LEVEL SECURITY
ALTER TABLE assertion_keys FORCE ROW LEVEL SECURITY
GRANT SELECT ON assertion_keys TO redwell_audit
CREATE POLICY audit_tenant ON assertion_keys TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT ON assertion_keys TO redwell_auth
CREATE POLICY auth_tenant ON assertion_keys TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT ON assertion_keys TO redwell_docs
CREATE POLICY docs_tenant ON assertion_keys TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT ON assertion_keys TO redwell_gateway
CREATE POLICY gateway_tenant ON assertion_keys TO redwell_gateway USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE client_assertions OWNER TO redwell_owner
ALTER TABLE client_assertions ENABLE ROW LEVEL SECURITY
ALTER TABLE client_assertions FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON client_assertions TO redwell_auth
CREATE POLICY auth_tenant ON client_assertions TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE device_requests OWNER TO redwell_owner
ALTER TABLE device_requests ENABLE ROW LEVEL SECURITY
ALTER TABLE device_requests FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON device_requests TO redwell_auth
CREATE POLICY auth_tenant ON device_requests TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE document_classes OWNER TO redwell_owner
ALTER TABLE document_classes ENABLE ROW LEVEL SECURITY
ALTER TABLE document_classes FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON document_classes TO redwell_docs
CREATE POLICY docs_tenant ON document_classes TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE engagements OWNER TO redwell_owner
ALTER TABLE engagements ENABLE ROW LEVEL SECURITY
ALTER TABLE engagements FORCE ROW LEVEL SECURITY
GRANT SELECT ON engagements TO redwell_auth
CREATE POLICY auth_across ON engagements TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]) OR provider_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]) OR provider_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, provider_id, state, ends_at) ON engagements TO redwell_courier
CREATE POLICY courier_across ON engagements TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, UPDATE ON engagements TO redwell_docs
CREATE POLICY docs_across ON engagements TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]) OR provider_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]) OR provider_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE event_personal_data OWNER TO redwell_owner
ALTER TABLE event_personal_data ENABLE ROW LEVEL SECURITY
ALTER TABLE event_personal_data FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON event_personal_data TO redwell_audit
CREATE POLICY audit_tenant ON event_personal_data TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_personal_data TO redwell_auth
CREATE POLICY auth_tenant ON event_personal_data TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_personal_data TO redwell_courier
CREATE POLICY courier_tenant ON event_personal_data TO redwell_courier USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_personal_data TO redwell_docs
CREATE POLICY docs_tenant ON event_personal_data TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_personal_data TO redwell_gateway
CREATE POLICY gateway_tenant ON event_personal_data TO redwell_gateway USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_personal_data TO redwell_rotator
CREATE POLICY rotator_across ON event_personal_data TO redwell_rotator USING (true) WITH CHECK (true)
GRANT INSERT ON event_personal_data TO redwell_sequencer
CREATE POLICY sequencer_across ON event_personal_data TO redwell_sequencer USING (true) WITH CHECK (true)
GRANT INSERT ON event_personal_data TO redwell_sweeper
CREATE POLICY sweeper_across ON event_personal_data TO redwell_sweeper USING (true) WITH CHECK (true)
GRANT INSERT ON event_personal_data TO redwell_verifier
CREATE POLICY verifier_tenant ON event_personal_data TO redwell_verifier USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE events OWNER TO redwell_owner
ALTER TABLE events ENABLE ROW LEVEL SECURITY
ALTER TABLE events FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON events TO redwell_audit
CREATE POLICY audit_tenant ON events TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON events TO redwell_auth
CREATE POLICY auth_tenant ON events TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, at, type, outcome, matter_id, document_id, object_kind, object_id), INSERT ON events TO redwell_courier
CREATE POLICY courier_across ON events TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, at, type, outcome, matter_id, document_id, object_kind, object_id), INSERT ON events TO redwell_docs
CREATE POLICY docs_tenant ON events TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON events TO redwell_gateway
CREATE POLICY gateway_tenant ON events TO redwell_gateway USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON events TO redwell_rotator
CREATE POLICY rotator_across ON events TO redwell_rotator USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, matter_id, sha256), INSERT ON events TO redwell_sequencer
CREATE POLICY sequencer_across ON events TO redwell_sequencer USING (true) WITH CHECK (true)
GRANT INSERT ON events TO redwell_sweeper
CREATE POLICY sweeper_across ON events TO redwell_sweeper USING (true) WITH CHECK (true)
GRANT INSERT ON events TO redwell_verifier
CREATE POLICY verifier_tenant ON events TO redwell_verifier USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE firm_keys OWNER TO redwell_owner
ALTER TABLE firm_keys ENABLE ROW LEVEL SECURITY
ALTER TABLE firm_keys FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON firm_keys TO redwell_docs
CREATE POLICY docs_tenant ON firm_keys TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (root, wrapped, retired_at) ON firm_keys TO redwell_rotator
CREATE POLICY rotator_across ON firm_keys TO redwell_rotator USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, root, wrapped, names_wrapped, retired_at) ON firm_keys TO redwell_sweeper
CREATE POLICY sweeper_across ON firm_keys TO redwell_sweeper USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, root, wrapped) ON firm_keys TO redwell_verifier
CREATE POLICY verifier_across ON firm_keys TO redwell_verifier USING (true) WITH CHECK (true)
ALTER TABLE firm_quotas OWNER TO redwell_owner
ALTER TABLE firm_quotas ENABLE ROW LEVEL SECURITY
ALTER TABLE firm_quotas FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON firm_quotas TO redwell_auth
CREATE POLICY auth_tenant ON firm_quotas TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT ON firm_quotas TO redwell_docs
CREATE POLICY docs_tenant ON firm_quotas TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE firm_roots OWNER TO redwell_owner
ALTER TABLE firm_roots ENABLE ROW LEVEL SECURITY
ALTER TABLE firm_roots FORCE ROW LEVEL SECURITY
GRANT SELECT ON firm_roots TO redwell_docs
CREATE POLICY docs_tenant ON firm_roots TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, UPDATE (root, changed_at) ON firm_roots TO redwell_rotator
CREATE POLICY rotator_across ON firm_roots TO redwell_rotator USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, UPDATE ON firm_roots TO redwell_sweeper
CREATE POLICY sweeper_across ON firm_roots TO redwell_sweeper USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, revoked_at) ON firm_roots TO redwell_verifier
CREATE POLICY verifier_across ON firm_roots TO redwell_verifier USING (true) WITH CHECK (true)
ALTER TABLE firm_stores OWNER TO redwell_owner
ALTER TABLE firm_stores ENABLE ROW LEVEL SECURITY
ALTER TABLE firm_stores FORCE ROW LEVEL SECURITY
GRANT SELECT ON firm_stores TO redwell_docs
CREATE POLICY docs_tenant ON firm_stores TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE ON firm_stores TO redwell_sweeper
CREATE POLICY sweeper_across ON firm_stores TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE firm_usage OWNER TO redwell_owner
ALTER TABLE firm_usage ENABLE ROW LEVEL SECURITY
ALTER TABLE firm_usage FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON firm_usage TO redwell_docs
CREATE POLICY docs_tenant ON firm_usage TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE ON firm_usage TO redwell_sweeper
CREATE POLICY sweeper_across ON firm_usage TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE fixity_runs OWNER TO redwell_owner
ALTER TABLE fixity_runs ENABLE ROW LEVEL SECURITY
ALTER TABLE fixity_runs FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON fixity_runs TO redwell_verifier
CREATE POLICY verifier_across ON fixity_runs TO redwell_verifier USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
ALTER TABLE key_rotations OWNER TO redwell_owner
ALTER TABLE key_rotations ENABLE ROW LEVEL SECURITY
ALTER TABLE key_rotations FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE (moved, finished_at) ON key_rotations TO redwell_rotator
CREATE POLICY rotator_across ON key_rotations TO redwell_rotator USING (true) WITH CHECK (true)
ALTER TABLE matters OWNER TO redwell_owner
ALTER TABLE matters ENABLE ROW LEVEL SECURITY
ALTER TABLE matters FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON matters TO redwell_docs
CREATE POLICY docs_tenant ON matters TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE notices OWNER TO redwell_owner
ALTER TABLE notices ENABLE ROW LEVEL SECURITY
ALTER TABLE notices FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON notices TO redwell_courier
CREATE POLICY courier_across ON notices TO redwell_courier USING (true) WITH CHECK (true)
ALTER TABLE organizations OWNER TO redwell_owner
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY
ALTER TABLE organizations FORCE ROW LEVEL SECURITY
GRANT SELECT ON organizations TO redwell_audit
CREATE POLICY audit_tenant ON organizations TO redwell_audit USING (id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (state, solo_since) ON organizations TO redwell_auth
CREATE POLICY auth_across ON organizations TO redwell_auth USING (id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]) OR '00000000-0000-7000-8000-000000000000'::uuid = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]) OR '00000000-0000-7000-8000-000000000000'::uuid = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT ON organizations TO redwell_docs
CREATE POLICY docs_tenant ON organizations TO redwell_docs USING (id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (id, kind) ON organizations TO redwell_rotator
CREATE POLICY rotator_across ON organizations TO redwell_rotator USING (true) WITH CHECK (true)
GRANT SELECT (id, kind) ON organizations TO redwell_sequencer
CREATE POLICY sequencer_across ON organizations TO redwell_sequencer USING (true) WITH CHECK (true)
GRANT SELECT ON organizations TO redwell_signin
CREATE POLICY signin_across ON organizations TO redwell_signin USING (true) WITH CHECK (true)
GRANT SELECT (id, kind) ON organizations TO redwell_sweeper
CREATE POLICY sweeper_across ON organizations TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE outbox OWNER TO redwell_owner
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY
ALTER TABLE outbox FORCE ROW LEVEL SECURITY
GRANT INSERT ON outbox TO redwell_auth
CREATE POLICY auth_tenant ON outbox TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (attempts, next_attempt_at), DELETE ON outbox TO redwell_courier
CREATE POLICY courier_across ON outbox TO redwell_courier USING (true) WITH CHECK (true)
ALTER TABLE reading_places OWNER TO redwell_owner
ALTER TABLE reading_places ENABLE ROW LEVEL SECURITY
ALTER TABLE reading_places FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE (next_index) ON reading_places TO redwell_courier
CREATE POLICY courier_across ON reading_places TO redwell_courier USING (true) WITH CHECK (true)
ALTER TABLE refusal_counts OWNER TO redwell_owner
ALTER TABLE refusal_counts ENABLE ROW LEVEL SECURITY
ALTER TABLE refusal_counts FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE (count) ON refusal_counts TO redwell_audit
CREATE POLICY audit_tenant ON refusal_counts TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (count) ON refusal_counts TO redwell_auth
CREATE POLICY auth_tenant ON refusal_counts TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (count) ON refusal_counts TO redwell_courier
CREATE POLICY courier_tenant ON refusal_counts TO redwell_courier USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (count) ON refusal_counts TO redwell_docs
CREATE POLICY docs_tenant ON refusal_counts TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (count) ON refusal_counts TO redwell_gateway
CREATE POLICY gateway_tenant ON refusal_counts TO redwell_gateway USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (count) ON refusal_counts TO redwell_rotator
CREATE POLICY rotator_across ON refusal_counts TO redwell_rotator USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, UPDATE (count), DELETE ON refusal_counts TO redwell_sequencer
CREATE POLICY sequencer_across ON refusal_counts TO redwell_sequencer USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, UPDATE (count) ON refusal_counts TO redwell_sweeper
CREATE POLICY sweeper_across ON refusal_counts TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE root_canaries OWNER TO redwell_owner
ALTER TABLE root_canaries ENABLE ROW LEVEL SECURITY
ALTER TABLE root_canaries FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON root_canaries TO redwell_rotator
CREATE POLICY rotator_across ON root_canaries TO redwell_rotator USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
GRANT SELECT, INSERT ON root_canaries TO redwell_sweeper
CREATE POLICY sweeper_across ON root_canaries TO redwell_sweeper USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
GRANT SELECT ON root_canaries TO redwell_verifier
CREATE POLICY verifier_across ON root_canaries TO redwell_verifier USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
ALTER TABLE signing_keys OWNER TO redwell_owner
ALTER TABLE signing_keys ENABLE ROW LEVEL SECURITY
ALTER TABLE signing_keys FORCE ROW LEVEL SECURITY
GRANT SELECT (tenant_id, kid, retired_at) ON signing_keys TO redwell_audit
CREATE POLICY audit_across ON signing_keys TO redwell_audit USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
GRANT SELECT, INSERT ON signing_keys TO redwell_auth
CREATE POLICY auth_across ON signing_keys TO redwell_auth USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
GRANT SELECT (tenant_id, kid, retired_at) ON signing_keys TO redwell_docs
CREATE POLICY docs_across ON signing_keys TO redwell_docs USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
GRANT SELECT ON signing_keys TO redwell_gateway
CREATE POLICY gateway_tenant ON signing_keys TO redwell_gateway USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (activated_at, retired_at) ON signing_keys TO redwell_rotator
CREATE POLICY rotator_across ON signing_keys TO redwell_rotator USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
ALTER TABLE store_marks OWNER TO redwell_owner
ALTER TABLE store_marks ENABLE ROW LEVEL SECURITY
ALTER TABLE store_marks FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON store_marks TO redwell_sweeper
CREATE POLICY sweeper_across ON store_marks TO redwell_sweeper USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
GRANT SELECT (tenant_id, suspended_at) ON store_marks TO redwell_verifier
CREATE POLICY verifier_across ON store_marks TO redwell_verifier USING (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid) WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000000'::uuid)
ALTER TABLE subject_keys OWNER TO redwell_owner
ALTER TABLE subject_keys ENABLE ROW LEVEL SECURITY
ALTER TABLE subject_keys FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON subject_keys TO redwell_audit
CREATE POLICY audit_tenant ON subject_keys TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT ON subject_keys TO redwell_auth
CREATE POLICY auth_tenant ON subject_keys TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT ON subject_keys TO redwell_courier
CREATE POLICY courier_tenant ON subject_keys TO redwell_courier USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT ON subject_keys TO redwell_docs
CREATE POLICY docs_tenant ON subject_keys TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT ON subject_keys TO redwell_gateway
CREATE POLICY gateway_tenant ON subject_keys TO redwell_gateway USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT ON subject_keys TO redwell_rotator
CREATE POLICY rotator_across ON subject_keys TO redwell_rotator USING (true) WITH CHECK (true)
GRANT SELECT, INSERT ON subject_keys TO redwell_sequencer
CREATE POLICY sequencer_across ON subject_keys TO redwell_sequencer USING (true) WITH CHECK (true)
GRANT SELECT, INSERT ON subject_keys TO redwell_sweeper
CREATE POLICY sweeper_across ON subject_keys TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE throttles OWNER TO redwell_owner
ALTER TABLE throttles ENABLE ROW LEVEL SECURITY
ALTER TABLE throttles FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON throttles TO redwell_auth
CREATE POLICY auth_tenant ON throttles TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE trees OWNER TO redwell_owner
ALTER TABLE trees ENABLE ROW LEVEL SECURITY
ALTER TABLE trees FORCE ROW LEVEL SECURITY
GRANT SELECT ON trees TO redwell_audit
CREATE POLICY audit_tenant ON trees TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, size) ON trees TO redwell_courier
CREATE POLICY courier_across ON trees TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, size) ON trees TO redwell_docs
CREATE POLICY docs_tenant ON trees TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (size, frontier) ON trees TO redwell_sequencer
CREATE POLICY sequencer_across ON trees TO redwell_sequencer USING (true) WITH CHECK (true)
ALTER TABLE used_proofs OWNER TO redwell_owner
ALTER TABLE used_proofs ENABLE ROW LEVEL SECURITY
ALTER TABLE used_proofs FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON used_proofs TO redwell_gateway
CREATE POLICY gateway_tenant ON used_proofs TO redwell_gateway USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE version_checks OWNER TO redwell_owner
ALTER TABLE version_checks ENABLE ROW LEVEL SECURITY
ALTER TABLE version_checks FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON version_checks TO redwell_verifier
CREATE POLICY verifier_across ON version_checks TO redwell_verifier USING (true) WITH CHECK (true)
ALTER TABLE checkpoints OWNER TO redwell_owner
ALTER TABLE checkpoints ENABLE ROW LEVEL SECURITY
ALTER TABLE checkpoints FORCE ROW LEVEL SECURITY
GRANT SELECT ON checkpoints TO redwell_audit
CREATE POLICY audit_tenant ON checkpoints TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT ON checkpoints TO redwell_sequencer
CREATE POLICY sequencer_across ON checkpoints TO redwell_sequencer USING (true) WITH CHECK (true)
ALTER TABLE consents OWNER TO redwell_owner
ALTER TABLE consents ENABLE ROW LEVEL SECURITY
ALTER TABLE consents FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON consents TO redwell_docs
CREATE POLICY docs_tenant ON consents TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE documents OWNER TO redwell_owner
ALTER TABLE documents ENABLE ROW LEVEL SECURITY
ALTER TABLE documents FORCE ROW LEVEL SECURITY
GRANT SELECT (tenant_id, id, matter_id) ON documents TO redwell_courier
CREATE POLICY courier_across ON documents TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, UPDATE ON documents TO redwell_docs
CREATE POLICY docs_tenant ON documents TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, matter_id) ON documents TO redwell_sweeper
CREATE POLICY sweeper_across ON documents TO redwell_sweeper USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, matter_id) ON documents TO redwell_verifier
CREATE POLICY verifier_across ON documents TO redwell_verifier USING (true) WITH CHECK (true)
ALTER TABLE event_queue OWNER TO redwell_owner
ALTER TABLE event_queue ENABLE ROW LEVEL SECURITY
ALTER TABLE event_queue FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON event_queue TO redwell_audit
CREATE POLICY audit_tenant ON event_queue TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_queue TO redwell_auth
CREATE POLICY auth_tenant ON event_queue TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_queue TO redwell_courier
CREATE POLICY courier_tenant ON event_queue TO redwell_courier USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_queue TO redwell_docs
CREATE POLICY docs_tenant ON event_queue TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_queue TO redwell_gateway
CREATE POLICY gateway_tenant ON event_queue TO redwell_gateway USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT INSERT ON event_queue TO redwell_rotator
CREATE POLICY rotator_across ON event_queue TO redwell_rotator USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, DELETE ON event_queue TO redwell_sequencer
CREATE POLICY sequencer_across ON event_queue TO redwell_sequencer USING (true) WITH CHECK (true)
GRANT INSERT ON event_queue TO redwell_sweeper
CREATE POLICY sweeper_across ON event_queue TO redwell_sweeper USING (true) WITH CHECK (true)
GRANT INSERT ON event_queue TO redwell_verifier
CREATE POLICY verifier_tenant ON event_queue TO redwell_verifier USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE grants OWNER TO redwell_owner
ALTER TABLE grants ENABLE ROW LEVEL SECURITY
ALTER TABLE grants FORCE ROW LEVEL SECURITY
GRANT SELECT (tenant_id, id, provider_id, member_id, team_id, ends_at, revoked_at) ON grants TO redwell_auth
CREATE POLICY auth_across ON grants TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]) OR provider_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]) OR provider_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, matter_id, engagement_id, provider_id, member_id, team_id, ends_at, created_at, revoked_at) ON grants TO redwell_courier
CREATE POLICY courier_across ON grants TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, UPDATE ON grants TO redwell_docs
CREATE POLICY docs_tenant ON grants TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE invitations OWNER TO redwell_owner
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY
ALTER TABLE invitations FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON invitations TO redwell_auth
CREATE POLICY auth_tenant ON invitations TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, code_sha256) ON invitations TO redwell_signin
CREATE POLICY signin_across ON invitations TO redwell_signin USING (true) WITH CHECK (true)
ALTER TABLE leaves OWNER TO redwell_owner
ALTER TABLE leaves ENABLE ROW LEVEL SECURITY
ALTER TABLE leaves FORCE ROW LEVEL SECURITY
GRANT SELECT ON leaves TO redwell_audit
CREATE POLICY audit_tenant ON leaves TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, idx, event_id) ON leaves TO redwell_courier
CREATE POLICY courier_across ON leaves TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, idx, event_id) ON leaves TO redwell_docs
CREATE POLICY docs_tenant ON leaves TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT ON leaves TO redwell_sequencer
CREATE POLICY sequencer_across ON leaves TO redwell_sequencer USING (true) WITH CHECK (true)
ALTER TABLE matter_heads OWNER TO redwell_owner
ALTER TABLE matter_heads ENABLE ROW LEVEL SECURITY
ALTER TABLE matter_heads FORCE ROW LEVEL SECURITY
GRANT SELECT ON matter_heads TO redwell_audit
CREATE POLICY audit_tenant ON matter_heads TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (seq, named_seq) ON matter_heads TO redwell_sequencer
CREATE POLICY sequencer_across ON matter_heads TO redwell_sequencer USING (true) WITH CHECK (true)
ALTER TABLE matter_keys OWNER TO redwell_owner
ALTER TABLE matter_keys ENABLE ROW LEVEL SECURITY
ALTER TABLE matter_keys FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON matter_keys TO redwell_docs
CREATE POLICY docs_tenant ON matter_keys TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE (firm_key_id, wrapped, retired_at) ON matter_keys TO redwell_rotator
CREATE POLICY rotator_across ON matter_keys TO redwell_rotator USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, firm_key_id, wrapped) ON matter_keys TO redwell_verifier
CREATE POLICY verifier_across ON matter_keys TO redwell_verifier USING (true) WITH CHECK (true)
ALTER TABLE matter_people OWNER TO redwell_owner
ALTER TABLE matter_people ENABLE ROW LEVEL SECURITY
ALTER TABLE matter_people FORCE ROW LEVEL SECURITY
GRANT SELECT (tenant_id, matter_id, member_id) ON matter_people TO redwell_courier
CREATE POLICY courier_across ON matter_people TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, UPDATE, DELETE ON matter_people TO redwell_docs
CREATE POLICY docs_tenant ON matter_people TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE matter_usage OWNER TO redwell_owner
ALTER TABLE matter_usage ENABLE ROW LEVEL SECURITY
ALTER TABLE matter_usage FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON matter_usage TO redwell_docs
CREATE POLICY docs_tenant ON matter_usage TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE ON matter_usage TO redwell_sweeper
CREATE POLICY sweeper_across ON matter_usage TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE members OWNER TO redwell_owner
ALTER TABLE members ENABLE ROW LEVEL SECURITY
ALTER TABLE members FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON members TO redwell_auth
CREATE POLICY auth_tenant ON members TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, email_sealed, state) ON members TO redwell_courier
CREATE POLICY courier_across ON members TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, state, country) ON members TO redwell_docs
CREATE POLICY docs_across ON members TO redwell_docs USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, email_index, password_hash, state) ON members TO redwell_signin
CREATE POLICY signin_across ON members TO redwell_signin USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, state) ON members TO redwell_sweeper
CREATE POLICY sweeper_across ON members TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE nda_versions OWNER TO redwell_owner
ALTER TABLE nda_versions ENABLE ROW LEVEL SECURITY
ALTER TABLE nda_versions FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON nda_versions TO redwell_docs
CREATE POLICY docs_tenant ON nda_versions TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, firm_key_id), UPDATE (firm_key_id) ON nda_versions TO redwell_rotator
CREATE POLICY rotator_across ON nda_versions TO redwell_rotator USING (true) WITH CHECK (true)
ALTER TABLE proof_policies OWNER TO redwell_owner
ALTER TABLE proof_policies ENABLE ROW LEVEL SECURITY
ALTER TABLE proof_policies FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON proof_policies TO redwell_auth
CREATE POLICY auth_tenant ON proof_policies TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE session_policies OWNER TO redwell_owner
ALTER TABLE session_policies ENABLE ROW LEVEL SECURITY
ALTER TABLE session_policies FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON session_policies TO redwell_auth
CREATE POLICY auth_tenant ON session_policies TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE subtrees OWNER TO redwell_owner
ALTER TABLE subtrees ENABLE ROW LEVEL SECURITY
ALTER TABLE subtrees FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON subtrees TO redwell_audit
CREATE POLICY audit_tenant ON subtrees TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE teams OWNER TO redwell_owner
ALTER TABLE teams ENABLE ROW LEVEL SECURITY
ALTER TABLE teams FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON teams TO redwell_auth
CREATE POLICY auth_tenant ON teams TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, state) ON teams TO redwell_courier
CREATE POLICY courier_across ON teams TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, state) ON teams TO redwell_docs
CREATE POLICY docs_across ON teams TO redwell_docs USING (true) WITH CHECK (true)
ALTER TABLE access_requests OWNER TO redwell_owner
ALTER TABLE access_requests ENABLE ROW LEVEL SECURITY
ALTER TABLE access_requests FORCE ROW LEVEL SECURITY
GRANT SELECT (tenant_id, id, matter_id, provider_id, member_id, requested_by) ON access_requests TO redwell_courier
CREATE POLICY courier_across ON access_requests TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, UPDATE ON access_requests TO redwell_docs
CREATE POLICY docs_tenant ON access_requests TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE challenges OWNER TO redwell_owner
ALTER TABLE challenges ENABLE ROW LEVEL SECURITY
ALTER TABLE challenges FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON challenges TO redwell_auth
CREATE POLICY auth_tenant ON challenges TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, secret_sha256) ON challenges TO redwell_signin
CREATE POLICY signin_across ON challenges TO redwell_signin USING (true) WITH CHECK (true)
ALTER TABLE clients OWNER TO redwell_owner
ALTER TABLE clients ENABLE ROW LEVEL SECURITY
ALTER TABLE clients FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON clients TO redwell_auth
CREATE POLICY auth_tenant ON clients TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, expires_at) ON clients TO redwell_docs
CREATE POLICY docs_tenant ON clients TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, networks) ON clients TO redwell_gateway
CREATE POLICY gateway_across ON clients TO redwell_gateway USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id) ON clients TO redwell_signin
CREATE POLICY signin_across ON clients TO redwell_signin USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, expires_at) ON clients TO redwell_sweeper
CREATE POLICY sweeper_across ON clients TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE document_changes OWNER TO redwell_owner
ALTER TABLE document_changes ENABLE ROW LEVEL SECURITY
ALTER TABLE document_changes FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON document_changes TO redwell_docs
CREATE POLICY docs_tenant ON document_changes TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE external_members OWNER TO redwell_owner
ALTER TABLE external_members ENABLE ROW LEVEL SECURITY
ALTER TABLE external_members FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON external_members TO redwell_auth
CREATE POLICY auth_tenant ON external_members TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, member_id, ends_at) ON external_members TO redwell_docs
CREATE POLICY docs_across ON external_members TO redwell_docs USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, member_id, ends_at) ON external_members TO redwell_signin
CREATE POLICY signin_across ON external_members TO redwell_signin USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, member_id, ends_at) ON external_members TO redwell_sweeper
CREATE POLICY sweeper_across ON external_members TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE factor_resets OWNER TO redwell_owner
ALTER TABLE factor_resets ENABLE ROW LEVEL SECURITY
ALTER TABLE factor_resets FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON factor_resets TO redwell_auth
CREATE POLICY auth_tenant ON factor_resets TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE holds OWNER TO redwell_owner
ALTER TABLE holds ENABLE ROW LEVEL SECURITY
ALTER TABLE holds FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON holds TO redwell_docs
CREATE POLICY docs_tenant ON holds TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, matter_id, document_id, released_at) ON holds TO redwell_sweeper
CREATE POLICY sweeper_across ON holds TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE member_roles OWNER TO redwell_owner
ALTER TABLE member_roles ENABLE ROW LEVEL SECURITY
ALTER TABLE member_roles FORCE ROW LEVEL SECURITY
GRANT SELECT ON member_roles TO redwell_audit
CREATE POLICY audit_tenant ON member_roles TO redwell_audit USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, INSERT, UPDATE, DELETE ON member_roles TO redwell_auth
CREATE POLICY auth_tenant ON member_roles TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT ON member_roles TO redwell_courier
CREATE POLICY courier_across ON member_roles TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT ON member_roles TO redwell_docs
CREATE POLICY docs_tenant ON member_roles TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE nda_signatures OWNER TO redwell_owner
ALTER TABLE nda_signatures ENABLE ROW LEVEL SECURITY
ALTER TABLE nda_signatures FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON nda_signatures TO redwell_docs
CREATE POLICY docs_tenant ON nda_signatures TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE recovery_codes OWNER TO redwell_owner
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY
ALTER TABLE recovery_codes FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_codes TO redwell_auth
CREATE POLICY auth_tenant ON recovery_codes TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE team_members OWNER TO redwell_owner
ALTER TABLE team_members ENABLE ROW LEVEL SECURITY
ALTER TABLE team_members FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON team_members TO redwell_auth
CREATE POLICY auth_tenant ON team_members TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, team_id, member_id, added_at) ON team_members TO redwell_courier
CREATE POLICY courier_across ON team_members TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, team_id, member_id, added_at) ON team_members TO redwell_docs
CREATE POLICY docs_across ON team_members TO redwell_docs USING (true) WITH CHECK (true)
ALTER TABLE totp_factors OWNER TO redwell_owner
ALTER TABLE totp_factors ENABLE ROW LEVEL SECURITY
ALTER TABLE totp_factors FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON totp_factors TO redwell_auth
CREATE POLICY auth_tenant ON totp_factors TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE versions OWNER TO redwell_owner
ALTER TABLE versions ENABLE ROW LEVEL SECURITY
ALTER TABLE versions FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON versions TO redwell_docs
CREATE POLICY docs_tenant ON versions TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, matter_key_id, wrapped_data_key), UPDATE (matter_key_id, wrapped_data_key) ON versions TO redwell_rotator
CREATE POLICY rotator_across ON versions TO redwell_rotator USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, document_id, state), UPDATE (state) ON versions TO redwell_sweeper
CREATE POLICY sweeper_across ON versions TO redwell_sweeper USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, document_id, state), SELECT (length_bytes, sha256, segment_count, matter_key_id, wrapped_data_key) ON versions TO redwell_verifier
CREATE POLICY verifier_across ON versions TO redwell_verifier USING (true) WITH CHECK (true)
ALTER TABLE client_keys OWNER TO redwell_owner
ALTER TABLE client_keys ENABLE ROW LEVEL SECURITY
ALTER TABLE client_keys FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON client_keys TO redwell_auth
CREATE POLICY auth_tenant ON client_keys TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, kid, client_id, expires_at, revoked_at) ON client_keys TO redwell_docs
CREATE POLICY docs_tenant ON client_keys TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
ALTER TABLE segments OWNER TO redwell_owner
ALTER TABLE segments ENABLE ROW LEVEL SECURITY
ALTER TABLE segments FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON segments TO redwell_docs
CREATE POLICY docs_tenant ON segments TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, version_id, object_key), DELETE ON segments TO redwell_sweeper
CREATE POLICY sweeper_across ON segments TO redwell_sweeper USING (true) WITH CHECK (true)
GRANT SELECT ON segments TO redwell_verifier
CREATE POLICY verifier_across ON segments TO redwell_verifier USING (true) WITH CHECK (true)
ALTER TABLE uploads OWNER TO redwell_owner
ALTER TABLE uploads ENABLE ROW LEVEL SECURITY
ALTER TABLE uploads FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE ON uploads TO redwell_docs
CREATE POLICY docs_tenant ON uploads TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT, UPDATE (state, received_bytes, lease_owner, lease_expires_at) ON uploads TO redwell_sweeper
CREATE POLICY sweeper_across ON uploads TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE sessions OWNER TO redwell_owner
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY
ALTER TABLE sessions FORCE ROW LEVEL SECURITY
GRANT SELECT (id, member_id, ended_at, idle_expires_at, expires_at) ON sessions TO redwell_audit
CREATE POLICY audit_across ON sessions TO redwell_audit USING (true) WITH CHECK (true)
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO redwell_auth
CREATE POLICY auth_tenant ON sessions TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, member_id) ON sessions TO redwell_courier
CREATE POLICY courier_across ON sessions TO redwell_courier USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, id, member_id, ended_at, idle_expires_at, expires_at, client_kid) ON sessions TO redwell_docs
CREATE POLICY docs_across ON sessions TO redwell_docs USING (true) WITH CHECK (true)
ALTER TABLE upload_capabilities OWNER TO redwell_owner
ALTER TABLE upload_capabilities ENABLE ROW LEVEL SECURITY
ALTER TABLE upload_capabilities FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT ON upload_capabilities TO redwell_docs
CREATE POLICY docs_tenant ON upload_capabilities TO redwell_docs USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT ON upload_capabilities TO redwell_gateway
CREATE POLICY gateway_across ON upload_capabilities TO redwell_gateway USING (true) WITH CHECK (true)
GRANT SELECT (tenant_id, sha256, expires_at), DELETE ON upload_capabilities TO redwell_sweeper
CREATE POLICY sweeper_across ON upload_capabilities TO redwell_sweeper USING (true) WITH CHECK (true)
ALTER TABLE refresh_tokens OWNER TO redwell_owner
ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY
ALTER TABLE refresh_tokens FORCE ROW LEVEL SECURITY
GRANT SELECT, INSERT, UPDATE, DELETE ON refresh_tokens TO redwell_auth
CREATE POLICY auth_tenant ON refresh_tokens TO redwell_auth USING (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[])) WITH CHECK (tenant_id = ANY (string_to_array(NULLIF(current_setting('redwell.tenants', true), ''), ',')::uuid[]))
GRANT SELECT (tenant_id, id, token_sha256) ON refresh_tokens TO redwell_signin
CREATE POLICY signin_across ON refresh_tokens TO redwell_signin USING (true) WITH CHECK (true)
