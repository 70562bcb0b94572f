# Read once by the image's entrypoint, when the volume is empty: the owner of Headway's database may create roles, and is not a superuser.
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 <<'SQL'
\getenv password HEADWAY_PASSWORD
CREATE ROLE headway LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE headway OWNER headway;
SQL
